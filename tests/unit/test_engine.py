"""The engine as a whole: the same tape gives the same trades, however it is cut, whoever looks."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.domain.backtest import Backtest, Plan
from apps.domain.engine import Journal
from apps.domain.errors import BadInput
from apps.domain.frames import TickArray
from apps.domain.messages import Fill, Instrument
from apps.domain.risk import RiskLimits
from apps.domain.sessions import CRYPTO
from apps.domain.strategies.base import CandleView, Context, Setup, Strategy, TickView
from apps.domain.strategies.ema_cross import EmaCross
from tests.unit.ticks import SECOND, candle_rows, tape

INSTRUMENT = Instrument(1, "BTC-USD", "CRYPTO", "USD", Decimal("0.01"), Decimal("0.1"))


def walk(seed: int, count: int = 900) -> TickArray:
    """A random walk of quotes, two a second."""
    noise = np.random.default_rng(seed)
    bids = np.round(100 + np.cumsum(noise.normal(0, 0.2, count)), 2)
    ticks = tape(*[(bid, round(bid + 0.02, 2)) for bid in bids])
    ticks["event_ns"] = SECOND + np.arange(count) * SECOND // 2
    return ticks


class Busy(Strategy):
    """Uses everything at once: two timeframes, ticks, brackets, cancels, timers."""

    key = "busy"

    def setup(self, setup: Setup) -> None:
        self.fast, self.slow = setup.indicator("ema(3)"), setup.indicator("sma(5)", timeframe=15)
        self.state = {"ticks": 0, "timers": 0, "seen": []}
        setup.candles(15)

    def on_candle(self, ctx: Context, candle: CandleView) -> None:
        if candle.timeframe == 15:
            ctx.timer(ctx.now_ns + 7 * SECOND, "review")
        elif ctx.position == 0 and not ctx.orders and self.fast.now == self.fast.now:
            if self.fast.now > self.slow.now:
                ctx.buy(1, limit=candle.close - 0.05, tag="in")
            else:
                ctx.sell(1, tag="in")

    def on_tick(self, ctx: Context, tick: TickView) -> None:
        self.state["ticks"] += 1
        if self.state["ticks"] % 97 == 0 and ctx.position:
            self.state["seen"].append(round(self.fast.now, 9))
            ctx.cancel_all()
            ctx.close(tag="tick exit")

    def on_fill(self, ctx: Context, fill: Fill) -> None:
        ctx.cancel_all()
        if ctx.position > 0:
            ctx.sell(ctx.position, stop=ctx.entry_price - 0.3, exit=True, oco="g", tag="stop")
            ctx.sell(ctx.position, limit=ctx.entry_price + 0.4, exit=True, oco="g", tag="target")
        elif ctx.position < 0:
            ctx.buy(-ctx.position, stop=ctx.entry_price + 0.3, exit=True, oco="g", tag="stop")

    def on_timer(self, ctx: Context, name: str) -> None:
        self.state["timers"] += 1
        ctx.cancel_all()


def played(ticks: TickArray, cuts: list[int], strategy: type[Strategy] = Busy) -> Backtest:
    run = Backtest(Plan("busy", INSTRUMENT, CRYPTO, 5), strategy())
    edges = [0, *sorted(cut % len(ticks) for cut in cuts), len(ticks)]
    for low, high in pairwise(edges):
        if high > low:
            run.feed(ticks[low:high])
    return run


def story(journal: Journal) -> list[tuple[object, ...]]:
    """What happened, without places on the tape, which depend on how it was cut."""
    signals = [
        (s.client_order_id, s.at_ns, s.side, s.order_type, s.qty, s.limit_price, s.mark) for s in journal.signals
    ]
    return [*signals, *((f.fill_id, f.at_ns, f.side, f.qty, f.price, f.fee) for f in journal.fills)]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.lists(st.integers(1, 899), max_size=12))
def test_how_the_tape_is_cut_into_frames_changes_nothing(seed: int, cuts: list[int]) -> None:
    ticks = walk(seed)
    whole, cut = played(ticks, []), played(ticks, cuts)
    assert story(whole.engine.journal) == story(cut.engine.journal)
    assert whole.lane.strategy.state == cut.lane.strategy.state
    assert whole.book.equity == cut.book.equity


def test_the_busy_strategy_is_busy_enough_to_prove_something() -> None:
    run = played(walk(3), [])
    journal, state = run.engine.journal, run.lane.strategy.state
    kinds = {change.event for change in journal.changes}
    assert len(journal.fills) > 20
    assert kinds >= {"accept", "cancel", "trigger"}
    assert state["timers"] > 5 and state["seen"]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_equity_is_cash_plus_positions_and_the_lane_agrees_with_the_book(seed: int) -> None:
    run = played(walk(seed), [])
    traded = sum((f.side.sign * f.qty * f.price + f.fee for f in run.engine.journal.fills), Decimal(0))
    assert run.book.cash == run.plan.cash - traded
    assert run.lane.hands.qty == run.book.qty(1)


def test_a_saved_lane_goes_on_as_if_never_stopped() -> None:
    ticks = walk(11, 1200)
    whole = played(ticks, [600])
    first = Backtest(Plan("busy", INSTRUMENT, CRYPTO, 5), Busy())
    first.feed(ticks[:600])
    assert first.lane.settled
    second = Backtest(Plan("busy", INSTRUMENT, CRYPTO, 5), Busy())
    second.lane.restore(first.lane.save())
    second.lane._matched = first.lane._matched
    second.engine.candles.restore(first.engine.candles.save())
    second.lane._forming = first.lane._forming  # the forming candle belongs to the tape, not to the lane
    first.desk.lanes[:] = [second.lane]
    first.feed(ticks[600:])
    assert story(first.engine.journal) == story(whole.engine.journal)


def test_a_refused_order_is_told_to_the_strategy_and_nothing_waits_for_it() -> None:
    class Greedy(Strategy):
        key = "greedy"

        def on_candle(self, ctx: Context, candle: CandleView) -> None:
            if not ctx.orders:
                ctx.buy(5)

    plan = Plan("greedy", INSTRUMENT, CRYPTO, 5, limits=RiskLimits(max_order_qty=Decimal(1)))
    run = Backtest(plan, Greedy())
    run.feed(walk(1, 200))
    journal = run.engine.journal
    assert journal.signals and not journal.orders and not journal.fills
    assert {refused.code for _, refused in journal.refusals} == {"order_qty"}
    assert run.lane.hands.orders == {}


def test_a_signal_at_a_close_fills_at_the_next_open() -> None:
    class Once(Strategy):
        key = "once"

        def on_candle(self, ctx: Context, candle: CandleView) -> None:
            if candle.close == 12:
                ctx.buy(1)

    run = Backtest(Plan("once", INSTRUMENT, CRYPTO, 60), Once())
    run.feed(candle_rows((10, 13, 9, 12), (14, 15, 13, 14.5)))
    assert [(fill.price, fill.at_ns) for fill in run.engine.journal.fills] == [(14, 60 * SECOND)]


def test_parameters_that_do_not_go_together_are_refused_by_name() -> None:
    with pytest.raises(BadInput, match=r"fast .* must be smaller than slow") as caught:
        Backtest(Plan("ema_cross", INSTRUMENT, CRYPTO, 5), EmaCross(fast=50, slow=20))
    assert caught.value.facts["field"] == "fast"
