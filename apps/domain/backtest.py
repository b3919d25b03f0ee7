"""One strategy over one recording, through the very engine that live uses."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Literal

import numpy as np

from apps.domain.costs import Costs, NoCosts
from apps.domain.engine import Desk, Engine, Journal
from apps.domain.errors import BadData
from apps.domain.frames import CANDLE, CLOCK, CandleArray, TickArray
from apps.domain.hands import LaneSpec
from apps.domain.lane import Lane
from apps.domain.messages import Fill, Instrument, Mode, Side, decimal_price
from apps.domain.pnl import Book
from apps.domain.positions import RoundTrip
from apps.domain.risk import RiskLimits
from apps.domain.sessions import Calendar
from apps.domain.sizing import FixedUnits, Sizing
from apps.domain.statistics import Curve, Stat, equity_curve, round_trips, statistics
from apps.domain.strategies import STRATEGIES
from apps.domain.strategies.base import Strategy
from apps.domain.venue import PaperVenue, VenueRules

Finish = Literal["mark", "last", "open"]
RUN, ACCOUNT = 1, 1


@dataclass(frozen=True, slots=True)
class Plan:
    """All that shapes a backtest besides its data. `rates`: account currency per unit of another.

    `finish`: what becomes of a position still open at the end: "mark" leaves it open at its mark, "last"
    closes it at the last price, "open" at the open of the last candle (as backtesting.py does).
    """

    strategy: str
    instrument: Instrument
    calendar: Calendar
    timeframe: int
    params: dict[str, Any] = field(default_factory=dict)
    cash: Decimal = Decimal(100_000)
    currency: str = "USD"
    sizing: Sizing = field(default_factory=FixedUnits)
    costs: Costs = field(default_factory=NoCosts)
    rules: VenueRules = field(default_factory=VenueRules)
    limits: RiskLimits = field(default_factory=RiskLimits)
    rates: dict[str, Decimal] = field(default_factory=dict)
    finish: Finish = "last"
    outside: str = "drop"


@dataclass(slots=True)
class Outcome:
    """What happened and what it was worth. `candles`: closed ones of the run's timeframe."""

    plan: Plan
    journal: Journal
    candles: CandleArray
    curve: Curve
    trips: list[RoundTrip]
    stats: list[Stat]
    equity: Decimal
    outside: int


class Backtest:
    """Feed it frames in order, then ask for the outcome. Progress is whatever the caller counts in between."""

    def __init__(self, plan: Plan, strategy: Strategy | None = None) -> None:
        self.plan, number = plan, plan.instrument.number
        calendar = plan.calendar
        strategy = strategy or STRATEGIES[plan.strategy](**plan.params)
        spec = LaneSpec(
            run_id=RUN,
            account_id=ACCOUNT,
            instrument=plan.instrument,
            timeframe=plan.timeframe,
            session_at=calendar.opening,
            window=calendar.window_at,
        )
        self.book = Book(ACCOUNT, {number: plan.instrument}, plan.currency, plan.rates)
        self.book.deposit(plan.cash)
        self.lane = Lane(spec, strategy)
        self.desk = Desk(self.book, plan.sizing, plan.limits, Mode.BACKTEST, [self.lane])
        venue = PaperVenue(
            {number: plan.instrument},
            plan.costs,
            plan.rules,
            free_equity=lambda account: self.book.free_equity,
            day_end=lambda instrument, ns: found.close_ns if (found := calendar.session_at(ns)) else None,
        )
        self.engine = Engine({number: plan.instrument}, {number: calendar}, [self.desk], venue, outside=plan.outside)
        self._closed: list[CandleArray] = []
        self._last = 0.0, 0

    def feed(self, ticks: TickArray) -> None:
        closed = self.engine.step(ticks)
        self._closed.append(closed[closed["timeframe"] == self.plan.timeframe])
        priced = np.flatnonzero(ticks["flags"] & CLOCK == 0)
        if len(priced):
            last = ticks[priced[-1]]
            self._last = float(last["price"]), int(last["event_ns"])

    def outcome(self) -> Outcome:
        """Raises BadData when no candle closed: there is nothing to measure."""
        candles = np.concatenate(self._closed) if self._closed else np.zeros(0, CANDLE)
        if not len(candles):
            raise BadData("no candle closed: is the recording's calendar right, and is it longer than one candle?")
        plan, journal = self.plan, self.engine.journal
        self._finish(candles)
        curve = equity_curve(journal.fills, candles["start_ns"], candles["close"], float(plan.cash), plan.instrument)
        trips = round_trips(journal.fills, {plan.instrument.number: plan.instrument})
        fees = float(sum((fill.fee for fill in journal.fills), Decimal(0)))
        warmup = min(self.lane.warm_up(plan.timeframe), len(candles) - 1)
        stats = statistics(trips, curve, fees, warmup)
        self.book.mark(plan.instrument.number, decimal_price(float(candles["close"][-1])))
        return Outcome(
            plan,
            journal,
            candles,
            curve,
            trips,
            stats,
            self.book.equity,
            sum(self.engine.candles.outside.values()),
        )

    def _finish(self, candles: CandleArray) -> None:
        """Close what is open, as a fill of its own that says so."""
        held = self.book.qty(self.plan.instrument.number)
        if not held or self.plan.finish == "mark":
            return
        price, at_ns = self._last
        if self.plan.finish == "open":
            price, at_ns = float(candles["open"][-1]), int(candles["start_ns"][-1])
        fill = Fill(
            fill_id=f"r{RUN}-finish",
            client_order_id=f"r{RUN}-finish",
            account_id=ACCOUNT,
            instrument=self.plan.instrument.number,
            side=Side.SELL if held > 0 else Side.BUY,
            qty=abs(held),
            price=decimal_price(price),
            fee=Decimal(0),
            currency=self.plan.instrument.currency,
            at_ns=at_ns,
            run_id=RUN,
        )
        fee = self.plan.costs.fee(fill.qty, fill.price, self.plan.instrument.multiplier)
        fill = replace(fill, fee=self.plan.costs.within(fee))
        self.engine.journal.fills.append(fill)
        self.book.apply(fill)


def backtest(plan: Plan, frames: Iterable[TickArray]) -> Outcome:
    """The whole recording at once."""
    run = Backtest(plan)
    for ticks in frames:
        run.feed(ticks)
    return run.outcome()
