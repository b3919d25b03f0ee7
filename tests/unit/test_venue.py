"""What the simulated venue does with an order, tick by tick."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.domain.costs import Percent
from apps.domain.frames import TickArray, tape_at
from apps.domain.messages import CancelOrder, Fill, Instrument, Mode, NewOrder, OrderChanged, OrderType, Side, Validity
from apps.domain.venue import Event, PaperVenue, VenueRules
from tests.unit.ticks import SECOND, candle_rows, tape, trades

GOLD = Instrument(1, "XAUUSD", "CFD_METAL", "USD", Decimal("0.01"))
LANE = (7, 1)


def order(side: str = "buy", kind: str = "market", qty: str = "1", name: str = "a", **more: Any) -> NewOrder:
    prices = {key: Decimal(str(more.pop(key))) for key in ("limit_price", "trigger_price") if key in more}
    return NewOrder(
        client_order_id=name,
        account_id=3,
        instrument=1,
        side=Side(side),
        qty=Decimal(qty),
        order_type=OrderType(kind),
        mode=Mode.BACKTEST,
        at_ns=more.pop("at_ns", 0),
        validity=Validity(more.pop("validity", "gtc")),
        run_id=7,
        tape_at=more.pop("tape_at", -1),
        **prices,
        **more,
    )


def run(venue: PaperVenue, ticks: TickArray, upto: int | None = None, offset: int = 0) -> list[Event]:
    """Match to the end (or to a row), taking the baton again after each event."""
    end, events = tape_at(offset, len(ticks) - 1 if upto is None else upto), []
    while True:
        events += venue.match(LANE, ticks, offset, end)
        if venue.matched(LANE) >= end:
            return events


def fills(venue: PaperVenue, ticks: TickArray) -> list[tuple[str, Decimal, Decimal, int]]:
    return [
        (event.client_order_id, event.qty, event.price, event.tape_at)
        for event in run(venue, ticks)
        if isinstance(event, Fill)
    ]


def said(events: list[Event]) -> list[tuple[str, str]]:
    return [(e.client_order_id, e.event if isinstance(e, OrderChanged) else "fill") for e in events]


@pytest.fixture
def venue() -> PaperVenue:
    return PaperVenue({1: GOLD})


def test_a_buyer_pays_the_ask_and_a_seller_gets_the_bid(venue: PaperVenue) -> None:
    venue.submit(order("buy", name="b"))
    venue.submit(order("sell", name="s"))
    assert fills(venue, tape((10, 11))) == [("b", 1, 11, 0), ("s", 1, 10, 0)]


def test_no_order_fills_on_the_tick_it_was_decided_on(venue: PaperVenue) -> None:
    venue.submit(order(tape_at=1))
    assert fills(venue, tape((10, 11), (20, 21), (30, 31))) == [("a", 1, 31, 2)]


def test_latency_is_counted_in_event_time() -> None:
    venue = PaperVenue({1: GOLD}, rules=VenueRules(latency_ns=2 * SECOND))
    venue.submit(order(at_ns=SECOND))
    assert fills(venue, tape((1, 2), (3, 4), (5, 6))) == [("a", 1, 6, 2)]


def test_a_resting_limit_fills_at_its_limit_once_touched(venue: PaperVenue) -> None:
    venue.submit(order(kind="limit", limit_price=10))
    assert fills(venue, tape((11, 12), (9.5, 10.5), (9, 10), (8, 9))) == [("a", 1, 10, 2)]


def test_a_limit_that_must_be_crossed_is_not_filled_by_a_touch() -> None:
    venue = PaperVenue({1: GOLD}, rules=VenueRules(limit_fill="crossed"))
    venue.submit(order(kind="limit", limit_price=10))
    assert fills(venue, tape((11, 12), (9, 10), (8, 9.5))) == [("a", 1, 10, 2)]


def test_a_limit_that_is_marketable_on_arrival_gets_the_better_market_price(venue: PaperVenue) -> None:
    venue.submit(order(kind="limit", limit_price=15))
    (fill,) = run(venue, tape((10, 11)))
    assert isinstance(fill, Fill)
    assert (fill.price, fill.maker) == (11, False)


def test_what_is_left_of_a_marketable_limit_keeps_taking_the_market_not_its_limit(venue: PaperVenue) -> None:
    venue.submit(order(kind="limit", qty="3", limit_price=70))
    assert fills(venue, tape((60, 61, 1, 1), (61, 62, 9, 9))) == [("a", 1, 61, 0), ("a", 2, 62, 1)]


def test_a_stop_fills_where_the_market_is_when_it_fires(venue: PaperVenue) -> None:
    venue.submit(order("sell", "sl_m", trigger_price=10))
    events = run(venue, tape((11, 12), (10.5, 11), (7, 8)))
    assert said(events) == [("a", "trigger"), ("a", "fill")]
    assert isinstance(events[1], Fill) and events[1].price == 7


def test_a_stop_limit_waits_at_its_limit_after_it_fired(venue: PaperVenue) -> None:
    venue.submit(order("sell", "sl", trigger_price=10, limit_price=9.5))
    assert fills(venue, tape((11, 12), (9, 10), (9.2, 9.4), (9.6, 9.8))) == [("a", 1, Decimal("9.5"), 3)]


def test_inside_a_recorded_candle_a_stop_fills_at_its_trigger_and_after_a_gap_at_the_open(venue: PaperVenue) -> None:
    venue.submit(order("sell", "sl_m", trigger_price=95, name="inside"))
    assert fills(venue, candle_rows((100, 101, 99, 100), (100, 102, 90, 92)))[0][2] == 95
    venue.submit(order("sell", "sl_m", trigger_price=95, name="gap"))
    assert fills(venue, candle_rows((100, 101, 99, 100), (93, 102, 90, 92)))[0][2] == 93


def test_size_shown_by_the_feed_bounds_each_fill(venue: PaperVenue) -> None:
    venue.submit(order(qty="5"))
    events = run(venue, tape((10, 11, 9, 2), (10, 12, 9, 2), (10, 13, 9, 9)))
    assert [(e.qty, e.price, e.closes_order) for e in events if isinstance(e, Fill)] == [
        (2, 11, False),
        (2, 12, False),
        (1, 13, True),
    ]


def test_a_trade_print_bounds_a_fill_by_its_size(venue: PaperVenue) -> None:
    venue.submit(order(qty="3"))
    assert fills(venue, trades((10, 1), (10.5, 2))) == [("a", 1, 10, 0), ("a", 2, Decimal("10.5"), 1)]


def test_an_ioc_order_takes_what_is_there_and_goes(venue: PaperVenue) -> None:
    venue.submit(order(qty="5", validity="ioc"))
    assert said(run(venue, tape((10, 11, 9, 2), (10, 11, 9, 9)))) == [("a", "fill"), ("a", "cancel")]
    assert venue.working(LANE) == []


def test_one_cancels_the_other(venue: PaperVenue) -> None:
    venue.submit(order("sell", "sl_m", trigger_price=9, name="stop", oco="g"))
    venue.submit(order("sell", "limit", limit_price=12, name="target", oco="g"))
    assert said(run(venue, tape((10, 11), (12, 13), (8, 9)))) == [("target", "fill"), ("stop", "cancel")]


def test_a_part_fill_of_one_shrinks_the_other(venue: PaperVenue) -> None:
    venue.submit(order("sell", "limit", qty="3", limit_price=12, name="target", oco="g"))
    venue.submit(order("sell", "sl_m", qty="3", trigger_price=9, name="stop", oco="g"))
    assert fills(venue, tape((10, 11), (12, 13, 1, 1), (8, 9))) == [("target", 1, 12, 1), ("stop", 2, 8, 2)]


def test_a_day_order_expires_at_the_session_s_end() -> None:
    venue = PaperVenue({1: GOLD}, day_end=lambda instrument, ns: 3 * SECOND)
    venue.submit(order(kind="limit", limit_price=1, validity="day"))
    assert said(run(venue, tape((10, 11), (10, 11), (10, 11), (0.5, 0.9)))) == [("a", "expire")]


def test_the_venue_stops_at_the_first_row_where_something_happens(venue: PaperVenue) -> None:
    venue.submit(order())
    venue.submit(order("sell", "limit", limit_price=12, name="late"))
    ticks = tape((10, 11), (12, 13))
    assert said(list(venue.match(LANE, ticks, 0, 1))) == [("a", "fill")]
    assert venue.matched(LANE) == 0


def test_a_repeated_order_is_taken_once_and_a_cancel_of_nothing_says_nothing(venue: PaperVenue) -> None:
    assert venue.submit(order()) is not None
    assert venue.submit(order()) is None
    assert venue.cancel(CancelOrder("other", 3, 1, 0)) is None


def test_fees_and_slippage_are_charged(venue: PaperVenue) -> None:
    venue = PaperVenue({1: GOLD}, Percent(Decimal("0.001")), VenueRules(slippage_ticks=2))
    venue.submit(order(qty="3"))
    (fill,) = run(venue, tape((10, 11)))
    assert isinstance(fill, Fill)
    assert (fill.price, fill.fee) == (Decimal("11.02"), Decimal("0.03306"))


def test_clock_rows_and_other_instruments_fill_nothing(venue: PaperVenue) -> None:
    venue.submit(order())
    assert fills(venue, np.concatenate([tape(()), tape((5, 6), instrument=2), tape((10, 11))])) == [("a", 1, 11, 2)]


PRICES = st.lists(st.tuples(st.integers(90, 110), st.integers(1, 3)), min_size=2, max_size=60)
ORDERS = st.lists(
    st.tuples(
        st.sampled_from(["buy", "sell"]),
        st.sampled_from(["market", "limit", "sl_m", "sl"]),
        st.integers(90, 110),
        st.integers(90, 110),
        st.integers(-1, 40),
    ),
    min_size=1,
    max_size=6,
)


def _placed(venue: PaperVenue, wanted: list[tuple[str, str, int, int, int]]) -> None:
    for number, (side, kind, limit, trigger, at) in enumerate(sorted(wanted, key=lambda row: row[4])):
        venue.submit(order(side, kind, name=str(number), limit_price=limit, trigger_price=trigger, tape_at=at))


@settings(max_examples=150, deadline=None)
@given(PRICES, ORDERS)
def test_scanning_ahead_finds_what_looking_at_every_row_finds(
    prices: list[tuple[int, int]], wanted: list[tuple[str, str, int, int, int]]
) -> None:
    """The compiled alarm only skips rows where nothing can happen: batons of one row give the same events."""
    ticks = tape(*[(bid, bid + spread) for bid, spread in prices])
    whole, stepwise = PaperVenue({1: GOLD}), PaperVenue({1: GOLD})
    first = min(row[4] for row in wanted)
    same_start = [(side, kind, limit, trigger, first) for side, kind, limit, trigger, _ in wanted]
    _placed(whole, same_start)
    _placed(stepwise, same_start)
    one_by_one = [event for row in range(len(ticks)) for event in run(stepwise, ticks, row)]
    assert run(whole, ticks) == one_by_one


@settings(max_examples=100, deadline=None)
@given(PRICES, ORDERS)
def test_nobody_buys_above_a_limit_or_sells_below_it(
    prices: list[tuple[int, int]], wanted: list[tuple[str, str, int, int, int]]
) -> None:
    ticks = tape(*[(bid, bid + spread) for bid, spread in prices])
    venue = PaperVenue({1: GOLD})
    _placed(venue, [(*row[:4], -1) for row in wanted])
    limits = {w.order.client_order_id: w.order for w in venue.working(LANE)}
    for event in run(venue, ticks):
        if isinstance(event, Fill) and limits[event.client_order_id].order_type in (OrderType.LIMIT, OrderType.SL):
            limit = limits[event.client_order_id].limit_price
            assert limit is not None
            assert (limit - event.price) * event.side.sign >= 0
