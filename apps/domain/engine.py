"""The path on one screen: ticks in, candles, signals, decisions, orders, fills and the book out.

A backtest loops over `Engine.step`. Live spreads the same lane, risk door, venue and book over the
stages of the pipeline; since strategy and venue take turns on the tape, both make the same fills.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from apps.domain.candles import CandleBuilder
from apps.domain.frames import CandleArray, TickArray
from apps.domain.hands import OVER
from apps.domain.lane import Lane
from apps.domain.messages import (
    Advance,
    Advanced,
    CancelOrder,
    CancelWanted,
    Fill,
    Instrument,
    Mode,
    NewOrder,
    OrderChanged,
    Side,
    Signal,
)
from apps.domain.pnl import Book
from apps.domain.risk import SAFE, Decision, Recent, RecentOrders, RiskDoor, RiskLimits, RiskView
from apps.domain.sessions import Calendar
from apps.domain.sizing import FixedUnits, Refusal, Sizing, size
from apps.domain.venue import PaperVenue


@dataclass(slots=True)
class Journal:
    """All that happened, in order, and how much data it took."""

    signals: list[Signal] = field(default_factory=list)
    refusals: list[tuple[Signal, Refusal | Decision]] = field(default_factory=list)
    orders: list[NewOrder] = field(default_factory=list)
    changes: list[OrderChanged] = field(default_factory=list)
    fills: list[Fill] = field(default_factory=list)
    ticks: int = 0
    candles: int = 0


@dataclass(slots=True)
class Desk:
    """One account in the engine: its lanes, how it sizes, what it may risk, its money."""

    book: Book
    sizing: Sizing = field(default_factory=FixedUnits)
    limits: RiskLimits = SAFE
    mode: Mode = Mode.BACKTEST
    lanes: list[Lane] = field(default_factory=list)
    recent: RecentOrders = field(default_factory=RecentOrders)
    open_orders: set[str] = field(default_factory=set)
    day: date | None = None


class Engine:
    """Holds desks over one tape. `calendars`: by instrument number, for candles and trading hours."""

    def __init__(
        self,
        instruments: Mapping[int, Instrument],
        calendars: Mapping[int, Calendar],
        desks: Sequence[Desk],
        venue: PaperVenue,
        timeframes: Sequence[int] = (),
        door: RiskDoor | None = None,
        outside: str = "drop",
    ) -> None:
        wanted = {timeframe for desk in desks for lane in desk.lanes for timeframe in lane.timeframes}
        self.instruments, self.calendars, self.desks = instruments, calendars, desks
        self.candles = CandleBuilder(calendars, sorted(wanted | set(timeframes)), outside=outside)
        self.venue, self.door, self.journal = venue, door or RiskDoor(), Journal()
        self._offset = 0

    def step(self, ticks: TickArray) -> CandleArray:
        """One frame through the whole path; returns the candles it closed."""
        offset, self._offset = self._offset, self._offset + 1
        closed = self.candles.add(ticks)
        self.journal.ticks += len(ticks)
        self.journal.candles += len(closed)
        for desk in self.desks:
            for lane in desk.lanes:
                mine = closed[closed["instrument"] == lane.spec.instrument.number]
                if lane.busy or len(mine):
                    lane.feed(offset, ticks, mine)
                    self._run(desk, lane, ticks, offset)
        return closed

    def _run(self, desk: Desk, lane: Lane, ticks: TickArray, offset: int) -> None:
        """Hand the baton to and fro between strategy and venue until the frame is used up."""
        key = (lane.spec.run_id, lane.spec.instrument.number)
        while wishes := lane.pump() or lane.follow():
            for wish in wishes:
                if isinstance(wish, Signal):
                    self._guard(desk, lane, wish)
                elif isinstance(wish, CancelWanted):
                    self._tell(desk, lane, self.venue.cancel(_cancel_order(wish)))
                else:
                    for event in self.venue.match(key, ticks, offset, wish.upto):
                        self._tell(desk, lane, event)
                    lane.told(_advanced(wish, self.venue.matched(key)))

    def _guard(self, desk: Desk, lane: Lane, signal: Signal) -> None:
        """The one risk door."""
        self.journal.signals.append(signal)
        desk.book.mark(signal.instrument, signal.mark)
        self._begin_day(desk, signal)
        intent = size(signal, desk.book, lane.spec.instrument, desk.sizing, desk.mode)
        if isinstance(intent, Refusal):
            self._refuse(lane, signal, intent)
            return
        decision = self.door.review(intent, self._view(desk, lane, signal, intent.side))
        if decision.order is None:
            self._refuse(lane, signal, decision)
            return
        order = decision.order
        desk.recent.add(_recent(order, decision, self.calendars[order.instrument].name))
        desk.open_orders.add(order.client_order_id)
        self.journal.orders.append(order)
        self._tell(desk, lane, self.venue.submit(order))

    def _refuse(self, lane: Lane, signal: Signal, why: Refusal | Decision) -> None:
        self.journal.refusals.append((signal, why))
        denied = OrderChanged(
            signal.client_order_id,
            signal.account_id,
            signal.instrument,
            "deny",
            signal.at_ns,
            signal.tape_at,
            signal.run_id,
            why.code,
            why.reason,
        )
        self.journal.changes.append(denied)
        lane.told(denied)

    def _view(self, desk: Desk, lane: Lane, signal: Signal, side: Side) -> RiskView:
        book, number = desk.book, signal.instrument
        calendar = self.calendars[number]
        return RiskView(
            instrument=lane.spec.instrument,
            limits=desk.limits,
            exchange=calendar.name,
            position_qty=book.qty(number),
            working_qty=self._working_qty(desk, number, side),
            rate=book.rate(lane.spec.instrument.currency),
            day_pnl=book.day_pnl,
            day_start_equity=book.day_start_equity,
            open_orders=len(desk.open_orders),
            last_tick_ns=signal.at_ns,
            recent=desk.recent.since(signal.at_ns - 60_000_000_000),
            is_open=calendar.is_open,
        )

    def _working_qty(self, desk: Desk, number: int, side: Side) -> Decimal:
        """Units of the desk's working orders on this side that would add to a position."""
        working = [w for lane in desk.lanes for w in self.venue.working((lane.spec.run_id, number))]
        return sum((w.left for w in working if w.order.side is side and not w.order.exit), Decimal(0))

    def _begin_day(self, desk: Desk, signal: Signal) -> None:
        """The day's P&L counts from the first wish of a trading day, as in live."""
        session = self.calendars[signal.instrument].session_at(signal.at_ns)
        if session is not None and session.trading_day != desk.day:
            desk.day = session.trading_day
            desk.book.day_start()

    def _tell(self, desk: Desk, lane: Lane, event: Fill | OrderChanged | None) -> None:
        if event is None:
            return
        if isinstance(event, Fill):
            self.journal.fills.append(event)
            desk.book.apply(event)
            if event.closes_order:
                desk.open_orders.discard(event.client_order_id)
        else:
            self.journal.changes.append(event)
            if event.event in OVER:
                desk.open_orders.discard(event.client_order_id)
        lane.told(event)


def _cancel_order(wish: CancelWanted) -> CancelOrder:
    return CancelOrder(wish.client_order_id, wish.account_id, wish.instrument, wish.at_ns, wish.tape_at, wish.run_id)


def _advanced(wish: Advance, matched: int) -> Advanced:
    return Advanced(wish.run_id, wish.account_id, wish.instrument, wish.upto if matched < 0 else matched)


def _recent(order: NewOrder, decision: Decision, exchange: str) -> Recent:
    return Recent(
        order.at_ns,
        exchange,
        order.instrument,
        order.side,
        order.qty,
        order.order_type,
        order.limit_price or order.trigger_price,
        decision.reducing,
    )
