"""Backtest, replay and live are one: the same ticks through the engine and through the stages make the same trades."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.test import override_settings

from apps.accounts.models import BrokerAccount
from apps.bus.memory import BusTape, MemoryBus
from apps.bus.topics import TOPICS
from apps.common.models import Outbox
from apps.domain.backtest import Backtest, Plan
from apps.domain.candles import CandleBuilder
from apps.domain.frames import TickArray
from apps.domain.risk import RiskLimits
from apps.domain.sessions import Calendar, calendar_get
from apps.domain.strategies import STRATEGIES
from apps.domain.strategies.base import Strategy
from apps.domain.timeframes import timeframe_parse
from apps.domain.venue import PaperVenue
from apps.execution import facts
from apps.feeds.replay.feed import replay_frames
from apps.instruments.models import Instrument
from apps.marketdata.quotes import QuoteBoard
from apps.orders.models import Fill, Order
from apps.pipeline.host import StageHost
from apps.pipeline.roster import Roster
from apps.pipeline.stages.aggregate import Aggregate
from apps.pipeline.stages.decide import Decide
from apps.pipeline.stages.guard import Guard
from apps.pipeline.stages.ingest import Ingest
from apps.pipeline.stages.route import Route
from apps.pipeline.stages.settle import Settle
from apps.portfolio.selectors import book_for
from apps.strategies.models import RunState, SignalRow, StrategyRun
from tests import builders
from tests.unit.test_engine import Busy, walk
from velox.wiring import System

pytestmark = pytest.mark.django_db(transaction=True)


class Lane:
    """One run on the stages, alone on its account."""

    def __init__(self, instrument: Instrument, strategy: str, timeframe: str, **params: Any) -> None:
        self.account = builders.account()
        self.run = StrategyRun.objects.create(
            owner=self.account.owner, account=self.account, name=strategy, strategy=strategy, params=params,
            sizing="units:1", timeframe=timeframe_parse(timeframe), state=RunState.RUNNING,
        )  # fmt: skip
        self.run.instruments.set([instrument])


def through_stages(instrument: Instrument, frames: Iterator[TickArray], timeframes: list[int]) -> None:
    """The path on a memory bus, one thread, until nothing is left to do."""
    calendar = calendar_get(instrument.calendar)
    system = System(MemoryBus(TOPICS))
    board = QuoteBoard()
    builder = CandleBuilder({instrument.number: calendar}, timeframes)
    venue = PaperVenue(system.instruments, day_end=system._day_end)
    stages = [
        Aggregate(system.bus, builder, board, lambda candles: None),
        Decide(system.bus, BusTape(system.bus), Roster(system)),
        Guard(system.bus),
        Route(system.bus, venue, BusTape(system.bus)),
        Settle(system.bus),
    ]
    host, ingest = StageHost(system.bus, stages, strict=True), Ingest(system.bus, _Feed())
    host.run_until_quiet()  # the roster opens its lanes
    for ticks in frames:
        ingest.pour(ticks)
        host.run_until_quiet()
    host.drain()


class _Feed:
    name, kind = "test", "replay"

    def frames(self) -> Iterator[TickArray]:
        return iter(())

    def stop(self) -> None: ...


def through_engine(instrument: Instrument, lane: Lane, frames: Iterator[TickArray], calendar: Calendar) -> Backtest:
    plan = Plan(
        lane.run.strategy, instrument.to_domain(), calendar, lane.run.timeframe, lane.run.params,
        cash=lane.account.starting_cash, limits=RiskLimits(),
    )  # fmt: skip
    run = Backtest(plan)
    for ticks in frames:
        run.feed(ticks)
    return run


def same(lane: Lane, run: Backtest) -> None:
    """Signals, orders and fills to the last digit, in order; and the book they leave behind."""

    def plain(client_order_id: str) -> str:
        return client_order_id.split("-i", 1)[1].split("-", 1)[1]

    journal = run.engine.journal
    assert [
        (row.sequence, row.side, row.order_type, row.price, row.qty, row.tag)
        for row in SignalRow.objects.filter(run=lane.run).order_by("sequence")
    ] == [(s.sequence, s.side, s.order_type, s.mark, s.qty, s.tag) for s in journal.signals]
    assert [
        (plain(o.client_order_id), o.side, o.qty, o.limit_price, o.trigger_price, o.decided_ns)
        for o in Order.objects.filter(run=lane.run).exclude(status="denied").order_by("pk")
    ] == [(plain(o.client_order_id), o.side, o.qty, o.limit_price, o.trigger_price, o.at_ns) for o in journal.orders]
    assert [
        (plain(f.fill_id), f.order.side, f.qty, f.price, f.fee, f.at_ns)
        for f in Fill.objects.filter(run=lane.run).select_related("order").order_by("pk")
    ] == [(plain(f.fill_id), f.side, f.qty, f.price, f.fee, f.at_ns) for f in journal.fills]
    book = book_for(BrokerAccount.objects.get(pk=lane.account.pk), instruments=facts.instruments.all())
    assert book.cash == run.book.cash
    assert not Outbox.objects.exists()


@pytest.fixture(autouse=True)
def no_limits(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A recording is old and fast: rules that look at the clock on the wall stay out of the comparison."""
    monkeypatch.setattr(facts, "limits_base", RiskLimits)
    facts.instruments.forget()
    with override_settings(DEBUG=False):
        yield
    facts.instruments.forget()


def cut(ticks: TickArray, rows: int) -> Iterator[TickArray]:
    return (ticks[at : at + rows] for at in range(0, len(ticks), rows))


@pytest.mark.parametrize("rows", [7, 500])
def test_a_strategy_that_uses_everything_trades_the_same(rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(STRATEGIES, "busy", Busy)
    instrument = builders.instrument(calendar="CRYPTO", tick_size=Decimal("0.01"), lot_size=Decimal("0.1"))
    lane, ticks = Lane(instrument, "busy", "5s"), walk(5, 1500)
    ticks["instrument"] = instrument.number
    run = through_engine(instrument, lane, cut(ticks, 500), calendar_get("CRYPTO"))
    assert len(run.engine.journal.fills) > 20
    through_stages(instrument, cut(ticks, rows), [5, 15])
    same(lane, run)


@pytest.mark.parametrize(
    ("strategy", "timeframe", "params"),
    [
        ("session_trend", "5m", {"trend_timeframe": "15m", "trades": 5, "breakout": 3}),
        ("ema_cross", "1m", {"fast": 9, "slow": 21}),
        ("donchian_breakout", "1m", {}),
    ],
)
def test_payrolls_day_trades_the_same(strategy: str, timeframe: str, params: dict[str, Any], data_dir: Path) -> None:
    """274,904 ticks of gold on 2 May 2014, in frames of 500, with stops and targets at the venue."""
    instrument = builders.instrument(calendar="CFD_METAL", tick_size=Decimal("0.001"))
    lane, calendar = Lane(instrument, strategy, timeframe, **params), calendar_get("CFD_METAL")
    path = data_dir / "cfd/xauusd_oanda_ticks_20140502_04.csv.gz"

    def frames() -> Iterator[TickArray]:
        return replay_frames(path, instrument.number, calendar=calendar, frame_rows=500)

    run = through_engine(instrument, lane, frames(), calendar)
    assert run.engine.journal.fills
    through_stages(instrument, frames(), sorted({lane.run.timeframe, 900}))
    same(lane, run)


def test_two_users_run_side_by_side_and_do_not_disturb_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    class Contrary(Busy):
        key = "contrary"

        def on_timer(self, ctx: Any, name: str) -> None:
            ctx.close(tag="timer")

    monkeypatch.setitem(STRATEGIES, "busy", Busy)
    monkeypatch.setitem(STRATEGIES, "contrary", Contrary)
    instrument = builders.instrument(calendar="CRYPTO", tick_size=Decimal("0.01"), lot_size=Decimal("0.1"))
    lanes = [Lane(instrument, "busy", "5s"), Lane(instrument, "contrary", "5s")]
    ticks = walk(9, 1200)
    ticks["instrument"] = instrument.number
    runs = [through_engine(instrument, lane, cut(ticks, 1200), calendar_get("CRYPTO")) for lane in lanes]
    through_stages(instrument, cut(ticks, 100), [5, 15])
    for lane, run in zip(lanes, runs, strict=True):
        same(lane, run)


def test_a_strategy_that_raises_is_parked_and_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken(Strategy):
        key = "broken"

        def on_candle(self, ctx: Any, candle: Any) -> None:
            raise ZeroDivisionError("by a strategy")

    monkeypatch.setitem(STRATEGIES, "busy", Busy)
    monkeypatch.setitem(STRATEGIES, "broken", Broken)
    instrument = builders.instrument(calendar="CRYPTO", tick_size=Decimal("0.01"), lot_size=Decimal("0.1"))
    good, bad = Lane(instrument, "busy", "5s"), Lane(instrument, "broken", "5s")
    ticks = walk(5, 600)
    ticks["instrument"] = instrument.number
    through_stages(instrument, cut(ticks, 100), [5, 15])
    bad.run.refresh_from_db()
    assert bad.run.state == RunState.FAILED
    assert "ZeroDivisionError: by a strategy" in bad.run.reason
    assert Fill.objects.filter(run=good.run).exists()
    assert np.all([order.run_id == good.run.pk for order in Order.objects.all()])
