"""The broadcast stage on the memory bus: what it tells, when, and to whom."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import math
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from channels.layers import InMemoryChannelLayer

from apps.bus.codecs import encode as encode_message
from apps.bus.memory import MemoryBus
from apps.common.live import PRICE, ChartWish
from apps.domain import frames
from apps.domain.candles import CandleBuilder
from apps.domain.frames import CANDLES, CLOCK, QUOTE, TICK, TICKS, CandleArray, TickArray
from apps.domain.messages import (
    Advance,
    CancelOrder,
    Fill,
    Mode,
    NewOrder,
    OrderChanged,
    OrderType,
    PositionChanged,
    Side,
)
from apps.domain.sessions import CRYPTO
from apps.domain.studies import Study
from apps.pipeline import flow
from apps.pipeline.host import StageHost
from apps.pipeline.live_link import LiveLink
from apps.pipeline.stages.broadcast import Broadcast

S = 1_000_000_000
NOON = 1_700_000_000 // 86_400 * 86_400 * S + 12 * 3600 * S


class Heard:
    """The line to the hubs, written down."""

    def __init__(self) -> None:
        self.price_frames: list[Any] = []
        self.charts: list[tuple[str, Any, bool]] = []
        self.events: list[tuple[str, str, dict[str, Any]]] = []
        self.wanted: list[ChartWish] = []
        self.all_prices = False

    def prices(self, rows: bytes) -> None:
        self.price_frames.append(np.frombuffer(rows, PRICE))

    def chart(self, channel: str, kind: str, body: bytes, *, final: bool) -> None:
        self.charts.append((kind, json.loads(body), final))

    def event(self, group: str, kind: str, body: bytes) -> None:
        self.events.append((group, kind, json.loads(body)))

    def wishes(self) -> list[ChartWish]:
        told = [dict(wish) for wish in self.wanted]
        for wish in self.wanted:
            wish["fresh"] = False
        return told  # type: ignore[return-value]

    def wants_prices(self) -> bool:
        wanted, self.all_prices = self.all_prices, False
        return wanted

    def close(self) -> None: ...

    def watch(self, *indicators: str, timeframe: int = 60, instrument: int = 1) -> None:
        self.wanted.append(
            {"channel": f"chart:{instrument}:{timeframe}:{';'.join(indicators)}", "instrument": instrument,
             "timeframe": timeframe, "indicators": list(indicators), "fresh": True}
        )  # fmt: skip


class Path:
    """Ticks in at one end, the broadcast stage at the other; candles are made in between as `aggregate` does."""

    def __init__(self, history: CandleArray | None = None) -> None:
        self.bus, self.heard, self.now = MemoryBus(), Heard(), 0.0
        self.stored = np.zeros(0, frames.CANDLE) if history is None else history
        calendars = {1: CRYPTO, 2: CRYPTO}
        self.builder = CandleBuilder(calendars, [1, 60, 86_400])
        self.stage = Broadcast(
            self.heard, CandleBuilder(calendars, [1, 60, 86_400]), self.history, symbols={1: "XAUUSD"},
            clock=lambda: self.now,
        )  # fmt: skip
        self.host = StageHost(self.bus, [self.stage], strict=True)

    def history(self, *, instrument: int, timeframe: int, limit: int, before_ns: int | None) -> CandleArray:
        found = self.stored[(self.stored["instrument"] == instrument) & (self.stored["timeframe"] == timeframe)]
        if before_ns is not None:
            found = found[found["start_ns"] < before_ns]
        return found[-limit:]

    def ticks(self, *rows: tuple[int, float, float], flags: int = 0) -> CandleArray:
        """(instrument, seconds after noon, price)…"""
        made = np.zeros(len(rows), TICK)
        for tick, (instrument, second, price) in zip(made, rows, strict=True):
            tick["instrument"], tick["event_ns"], tick["price"] = instrument, NOON + round(second * S), price
            tick["seen_ns"], tick["size"], tick["ask"], tick["flags"] = tick["event_ns"], 1, price + 1, flags
        return self.publish(made)

    def publish(self, made: TickArray) -> CandleArray:
        offset = self.bus.publish(flow.TICKS, 1, frames.encode(TICKS, made))
        closed = self.builder.add(made)
        self.bus.publish(flow.CANDLES, 1, frames.encode(CANDLES, closed, offset))
        return closed

    def run(self, seconds: float = 0.2) -> None:
        """Let the stage handle all there is, then let this much time pass."""
        self.host.run_until_quiet()
        self.now += seconds
        self.settle()
        self.stage.idle()

    def settle(self) -> None:
        """Wait for the readers of stored candles."""
        for pool in (self.stage._references, self.stage._charts._reader):
            pool.submit(int).result(5)


@pytest.fixture
def path() -> Iterator[Path]:
    made = Path()
    yield made
    made.stage.close()


def test_a_thousand_ticks_become_one_frame_with_the_last_of_each_instrument(path: Path) -> None:
    path.run()
    path.heard.price_frames.clear()
    path.ticks(*((1 + n % 2, n / 1000, 100.0 + n) for n in range(1_000)))
    path.run()
    (frame,) = path.heard.price_frames
    assert frame[["instrument", "last"]].tolist() == [(1, 1098.0), (2, 1099.0)]


def test_frames_are_50_ms_apart_and_none_is_sent_when_nothing_moved(path: Path) -> None:
    path.run(1.0)
    for n in range(12):
        path.ticks((1, n, 100.0 + n))
        path.run(0.03)
    assert len(path.heard.price_frames) == 6
    path.run(1.0)
    path.run(1.0)
    assert len(path.heard.price_frames) == 6


def test_bid_and_ask_come_from_quotes_and_stay_through_trades_and_clock_rows(path: Path) -> None:
    path.ticks((1, 0, 100.0), flags=QUOTE)
    path.ticks((1, 1, 105.0))
    path.ticks((1, 2, math.nan), flags=CLOCK)
    path.run()
    row = path.heard.price_frames[-1][0]
    assert (row["bid"], row["ask"], row["last"]) == (100.0, 101.0, 105.0)


def test_the_days_change_counts_from_yesterdays_close_once_it_is_known(path: Path) -> None:
    path.stored = np.zeros(2, frames.CANDLE)
    path.stored["instrument"], path.stored["timeframe"] = 1, 86_400
    path.stored["start_ns"] = [NOON - 36 * 3600 * S, NOON - 12 * 3600 * S]
    path.stored["end_ns"] = path.stored["start_ns"] + 24 * 3600 * S  # the second ends tonight: a replay's own future
    path.stored["close"] = [90.0, 77.0]
    path.ticks((1, 0, 100.0), (2, 0, 50.0))
    path.run()
    path.run()
    newest = {row["instrument"]: row["reference"] for frame in path.heard.price_frames for row in frame}
    assert newest == {1: 90.0, 2: 50.0}
    path.ticks((1, 13 * 3600, 110.0))  # tomorrow: the day that closed at 100 is now the day before
    path.run()
    assert path.heard.price_frames[-1][0]["reference"] == 100.0


def test_a_market_that_is_closed_shows_its_last_stored_price_until_a_tick_comes() -> None:
    path = Path(history=minutes_of(1, 99.5))
    path.settle()
    path.run()
    assert path.heard.price_frames[-1][["instrument", "last"]].tolist() == [(1, 99.5)]
    path.ticks((1, 0, 100.0))
    path.run()
    assert path.heard.price_frames[-1]["last"].tolist() == [100.0]
    path.stage.close()


def minutes_of(instrument: int, close: float) -> CandleArray:
    made = np.zeros(1, frames.CANDLE)
    made["instrument"], made["timeframe"], made["close"] = instrument, 60, close
    made["start_ns"], made["end_ns"] = NOON - 3600 * S, NOON - 3540 * S
    return made


def test_a_hub_that_asks_gets_every_price_there_is(path: Path) -> None:
    path.ticks((1, 0, 100.0), (2, 0, 50.0))
    path.run()
    path.run()
    path.heard.price_frames.clear()
    path.heard.all_prices = True
    path.run()
    assert path.heard.price_frames[-1]["instrument"].tolist() == [1, 2]


ORDER = NewOrder("r1-i1-1", 7, 1, Side.BUY, Decimal(2), OrderType.MARKET, Mode.DRY_RUN, NOON)


def test_what_concerns_an_account_reaches_its_group_at_once_one_by_one_and_in_order(path: Path) -> None:
    fill = Fill("f1", "r1-i1-1", 7, 1, Side.BUY, Decimal("2"), Decimal("2011.45"), Decimal("0.10"), "USD", NOON)
    path.bus.publish(flow.ORDERS, 7, encode_message(ORDER))
    path.bus.publish(flow.ORDERS, 7, encode_message(CancelOrder("r1-i1-1", 7, 1, NOON)))
    path.bus.publish(flow.POSITIONS, 7, encode_message(OrderChanged("r1-i1-1", 7, 1, "reject", NOON, reason="no")))
    path.bus.publish(flow.POSITIONS, 7, encode_message(fill))
    path.bus.publish(
        flow.POSITIONS, 7, encode_message(PositionChanged(7, 1, Decimal(2), Decimal("2011.45"), Decimal(0), NOON, "f1"))
    )
    path.host.run_until_quiet()
    events = [event for event in path.heard.events if event[0] != "live.status"]
    group = "live.account.7"
    assert [(group, kind, body.get("event")) for group, kind, body in events] == [
        (group, "order", "new"), (group, "order", "cancel_wanted"), (group, "order", "reject"), (group, "fill", None),
        (group, "position", None),
    ]  # fmt: skip
    body = events[-2][2]
    assert (body["price"], body["fee"], body["symbol"], body["at_ms"]) == ("2011.45", "0.10", "XAUUSD", NOON // 10**6)
    assert not body.keys() & {"tape_at", "at_ns"}


def test_an_order_is_told_before_its_fill_though_they_travel_on_different_topics(path: Path) -> None:
    for n in range(20):
        fill = Fill(f"f{n}", f"o{n}", 7, 1, Side.BUY, Decimal(2), Decimal(9), Decimal(0), "USD", NOON)
        path.bus.publish(flow.ORDERS, 7, encode_message(dataclasses.replace(ORDER, client_order_id=f"o{n}")))
        path.bus.publish(flow.POSITIONS, 7, encode_message(fill))
    path.host.run_until_quiet()
    told = [(kind, body["client_order_id"]) for group, kind, body in path.heard.events if group != "live.status"]
    assert told == [(kind, f"o{n}") for n in range(20) for kind in ("order", "fill")]


def test_the_baton_between_strategy_and_venue_is_nobodys_news(path: Path) -> None:
    path.bus.publish(flow.ORDERS, 7, encode_message(Advance(1, 7, 1, 5)))
    path.host.run_until_quiet()
    assert not [event for event in path.heard.events if event[0] != "live.status"]


def test_a_message_handed_over_again_is_told_once(path: Path) -> None:
    path.bus.publish(flow.ORDERS, 7, encode_message(ORDER))
    consumer = path.bus.consumer("again", path.stage.reads)
    messages = consumer.poll()
    path.stage.handle(messages)
    path.stage.handle(messages)
    assert [kind for _, kind, _ in path.heard.events].count("order") == 1


def test_a_chart_begins_with_what_is_stored_and_moves_with_each_tick(path: Path) -> None:
    closed = [path.ticks(*((1, minute * 60 + n, 100.0 + minute + n) for n in range(50))) for minute in range(31)]
    path.stored = np.concatenate(closed)[:-10]  # the database is a little behind
    path.host.run_until_quiet()
    path.heard.watch("ema(5)", "macd(3,6,3)")
    path.run()
    path.run()
    kind, chart, final = path.heard.charts[0]
    assert (kind, final) == ("snapshot", True)
    assert chart["columns"] == ["ema(5)", "macd(3,6,3).macd", "macd(3,6,3).signal", "macd(3,6,3).histogram"]
    rows = chart["rows"]
    assert [row[6] for row in rows] == [1] * 30 + [0]
    assert [row[0] for row in rows] == [(NOON + n * 60 * S) // 10**6 for n in range(31)]

    path.ticks((1, 30 * 60 + 55, 500.0))
    path.run()
    kind, (row,), final = path.heard.charts[-1]
    assert (kind, row[:7], final) == ("chart", [rows[-1][0], 130.0, 500.0, 130.0, 500.0, 51.0, 0], False)

    path.ticks((1, 31 * 60, 200.0))
    path.run()
    kind, (done, forming), final = path.heard.charts[-1]
    assert final and done[:7] == [*row[:6], 1] and forming[6] == 0
    assert done[7:] == row[7:]  # the last provisional values are the final ones

    minutes = np.concatenate([*closed, path.builder.forming_all()[:0]])
    assert len(minutes[minutes["timeframe"] == 60]) == 30
    study = Study(["ema(5)", "macd(3,6,3)"])
    values = study.close(minutes[minutes["timeframe"] == 60])
    assert [each if each is not None else math.nan for each in rows[29][7:]] == pytest.approx(values[-1], nan_ok=True)


def test_no_closed_candle_is_skipped_however_many_close_between_two_frames(path: Path) -> None:
    path.heard.watch("ema(3)", timeframe=1)
    path.run()
    path.run()
    for n in range(200):
        path.ticks((1, n, 100.0 + n))
    path.run()
    path.run()
    finals = [row[0] for kind, rows, _ in path.heard.charts if kind == "chart" for row in rows if row[6] == 1]
    assert finals == [(NOON + n * S) // 10**6 for n in range(199)]


def test_a_chart_nobody_watches_any_more_is_no_longer_computed(path: Path) -> None:
    path.heard.watch("ema(3)")
    path.ticks((1, 0, 100.0))
    path.run()
    path.run()
    path.heard.wanted.clear()
    path.run()
    told = len(path.heard.charts)
    path.ticks((1, 1, 101.0))
    path.run()
    assert told >= 1 and len(path.heard.charts) == told


def test_an_indicator_that_cannot_be_is_answered_and_harms_no_other_chart(path: Path) -> None:
    path.heard.watch("magic(3)")
    path.heard.watch("ema(3)")
    path.ticks((1, 0, 100.0))
    path.run()
    path.run()
    kinds = [kind for kind, _, _ in path.heard.charts]
    assert "error" in kinds and "snapshot" in kinds


def test_once_a_second_the_status_channel_hears_how_fast_and_how_late(path: Path) -> None:
    path.run(1.0)
    path.heard.events.clear()
    path.ticks(*((1, n / 100, 100.0) for n in range(500)))
    path.run(1.0)
    ((group, kind, body),) = path.heard.events
    assert (group, kind) == ("live.status", "feed")
    assert 400 <= body["ticks_per_s"] <= 500 and body["event_ms"] == (NOON + 4_990_000_000) // 10**6


def test_a_candle_that_closes_as_somebody_else_joins_is_told_to_those_who_follow_already(path: Path) -> None:
    """Only who joins is given the snapshot."""
    path.heard.watch("ema(3)")
    path.ticks((1, 0, 100.0))
    path.run()
    path.run()
    path.heard.charts.clear()
    path.heard.wanted[0]["fresh"] = True
    path.ticks((1, 60, 101.0))  # closes the first minute
    path.run()
    (kind, rows, final), (joined, chart, _) = path.heard.charts
    assert (kind, final, joined) == ("chart", True, "snapshot")
    assert [row[6] for row in rows] == [1, 0] == [row[6] for row in chart["rows"]]


async def test_the_line_counts_the_final_updates_of_each_chart_for_as_long_as_it_is_watched() -> None:
    layer = InMemoryChannelLayer()
    line = LiveLink(layer, asyncio.get_running_loop)
    hub = await layer.new_channel()
    await layer.group_add("live.charts", hub)
    wish = {"channel": "a", "instrument": 1, "timeframe": 60, "indicators": [], "fresh": True}
    line._heard({"type": "live.watch", "hub": "h", "charts": [wish], "prices": False})  # type: ignore[list-item]
    told = [("snapshot", True, 0), ("chart", True, 1), ("chart", False, 1), ("chart", True, 2), ("snapshot", True, 2)]
    for kind, final, _ in told:
        line.wishes()
        line.chart("a", kind, b"[]", final=final)
    heard = [await asyncio.wait_for(layer.receive(hub), 5) for _ in told]
    assert [(each["kind"], each["final"], each["n"]) for each in heard] == told
    assert {each["by"] for each in heard} == {line.id}
    line._heard({"type": "live.watch", "hub": "h", "charts": [], "prices": False})
    line.wishes()
    assert not line._finals
    line.close()
