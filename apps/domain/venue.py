"""The simulated venue behind paper trading and backtests: orders meet the tick tape.

Rules. An order can fill on the tick after the one it was decided on, never earlier (`latency_ns` adds
to that). Buyers pay the ask, sellers get the bid; a trade print counts as both. A resting limit
fills at its limit once the market touches it (or crosses it: `limit_fill`); one that is marketable
on arrival fills at the market, as a taker. A stop fires on the side it would trade at and fills at
that tick's price, so a jump past it costs what it costs; inside a recorded candle, where the path
between two prices is assumed continuous, it fills at its trigger. Sizes shown by the feed bound each
fill; the rest waits. Everything is a pure function of orders and tape: the same fills, whenever asked.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import ROUND_DOWN, Decimal
from typing import Literal

from apps.domain.costs import Costs, FeeMeter, NoCosts
from apps.domain.frames import CANDLE_OPEN, CLOCK, FROM_CANDLE, QUOTE, ROW_BITS, TickArray
from apps.domain.messages import (
    CancelOrder,
    Fill,
    Instrument,
    NewOrder,
    OrderChanged,
    OrderType,
    Side,
    Validity,
    decimal_price,
)
from apps.domain.tape import Alarm, first_alarm

LaneKey = tuple[int | None, int]
"""(run, instrument); run None: orders by hand, which no strategy holds back."""

Event = Fill | OrderChanged


@dataclass(frozen=True, slots=True)
class VenueRules:
    """How strict the simulation is. `latency_ns`: time an order needs to reach the venue, in event time."""

    limit_fill: Literal["touched", "crossed"] = "touched"
    latency_ns: int = 0
    slippage_ticks: int = 0
    partial_fills: bool = True


@dataclass(slots=True)
class Working:
    """An order at the venue. `left`: still to fill; `rested`: has it seen a tick at which it could not trade."""

    order: NewOrder
    left: Decimal
    meter: FeeMeter
    fills: int = 0
    triggered: bool = False
    rested: bool = False

    @property
    def is_stop(self) -> bool:
        return self.order.order_type in (OrderType.SL, OrderType.SL_M) and not self.triggered

    @property
    def is_market(self) -> bool:
        kind = self.order.order_type
        return kind is OrderType.MARKET or (kind is OrderType.SL_M and self.triggered)


@dataclass(slots=True)
class _Book:
    """Working orders of one lane, in the order they came, and how far the tape is matched for them."""

    orders: list[Working] = field(default_factory=list)
    matched: int = -1
    quiet: int = -1  # nothing can happen up to here, given these orders: saves scanning again


@dataclass(slots=True)
class _Market:
    """One row of the tape as an order sees it."""

    bid: float
    ask: float
    bid_size: float
    ask_size: float
    continuous: bool  # the path from the row before is assumed unbroken
    at_ns: int
    place: int


class PaperVenue:
    """Holds working orders by lane and matches them against the tape.

    `instruments` must know every instrument an order names. `free_equity(account)` is asked only for
    orders sized by `cash_fraction`. `day_end(instrument, ns)`: when a DAY order of that moment expires.
    """

    def __init__(
        self,
        instruments: dict[int, Instrument],
        costs: Costs | None = None,
        rules: VenueRules | None = None,
        free_equity: Callable[[int], Decimal] | None = None,
        day_end: Callable[[int, int], int | None] | None = None,
    ) -> None:
        self.instruments = instruments
        self._costs = costs or NoCosts()
        self._rules = rules or VenueRules()
        self._free_equity = free_equity
        self._day_end = day_end
        self._books: dict[LaneKey, _Book] = {}

    # --- orders in

    def submit(self, order: NewOrder) -> OrderChanged | None:
        """Take an order; None when this id is already working (a repeat)."""
        book = self._books.setdefault((order.run_id, order.instrument), _Book())
        if any(w.order.client_order_id == order.client_order_id for w in book.orders):
            return None
        if not book.orders:
            book.matched = order.tape_at
        book.quiet = -1
        meter = FeeMeter(self._costs, self.instruments[order.instrument].multiplier)
        book.orders.append(Working(order, order.qty, meter))
        return _changed(order, "accept", order.at_ns, order.tape_at)

    def cancel(self, request: CancelOrder) -> OrderChanged | None:
        """Take an order off; None when it is not working here (filled, gone or never came)."""
        for book in self._books.values():
            for working in book.orders:
                if working.order.client_order_id == request.client_order_id:
                    book.orders.remove(working)
                    book.quiet = -1
                    return _changed(working.order, "cancel", request.at_ns, request.tape_at)
        return None

    def working(self, lane: LaneKey | None = None) -> list[Working]:
        """Orders at the venue, of one lane or of all."""
        books = self._books.values() if lane is None else [self._books.get(lane, _Book())]
        return [working for book in books for working in book.orders]

    def active(self) -> list[LaneKey]:
        """Lanes that have orders at the venue."""
        return [lane for lane, book in self._books.items() if book.orders]

    def matched(self, lane: LaneKey) -> int:
        """The tape place up to which this lane's orders are matched; -1 when it never had any."""
        book = self._books.get(lane)
        return -1 if book is None else book.matched

    def restore(self, order: NewOrder, left: Decimal, fills: int, notional: Decimal, triggered: bool) -> None:
        """Put an order back as it stood before a restart: it meets the tape that comes, as one that rested.

        `notional`: price x quantity of its `fills` so far, for fees that are counted per order.
        """
        meter, filled = FeeMeter(self._costs, self.instruments[order.instrument].multiplier), order.qty - left
        if fills and filled > 0:
            meter.add(filled, notional / filled)
        book = self._books.setdefault((order.run_id, order.instrument), _Book())
        book.orders.append(Working(order, left, meter, fills, triggered, rested=True))
        book.quiet = -1

    # --- the tape moves

    def match(self, lane: LaneKey, ticks: TickArray, offset: int, upto: int) -> Iterator[Event]:
        """Match one lane on one frame, up to the place `upto`, but stop after the first row where something happens.

        Take all events; afterwards `matched(lane)` says how far it came. Repeat until that reaches `upto`.
        Book each event as it comes: the next order of the same row may be sized by what it left.
        """
        book = self._books.get(lane)
        last = (offset << ROW_BITS) + len(ticks) - 1
        upto = min(upto, last)
        if book is None or book.matched >= upto:
            return
        if not book.orders or book.quiet >= upto:
            book.matched = upto
            return
        base = offset << ROW_BITS
        row = max(book.matched + 1 - base, 0)
        while True:
            row = first_alarm(ticks, lane[1], row, self._alarm(book))
            book.quiet = base + row - 1
            if base + row > upto:
                book.matched = upto
                return
            happened = False
            for event in self._match_row(book, ticks, row, base + row):
                happened = True
                yield event
            if happened:
                book.matched, book.quiet = base + row, -1
                return
            row += 1  # it only came to rest, or waits for latency

    def _alarm(self, book: _Book) -> Alarm:
        """The prices and times outside which this lane's orders can sleep."""
        alarm = Alarm()
        for working in book.orders:
            order = working.order
            expiry = self._expiry(order)
            if expiry is not None:
                alarm.at_ns = min(alarm.at_ns, expiry)
            if not working.rested or working.is_market:
                alarm.after = min(alarm.after, order.tape_at)
            elif working.is_stop:
                alarm.stop(order.side is Side.BUY, float(order.trigger_price or 0))
            else:
                alarm.limit(order.side is Side.BUY, float(order.limit_price or 0))
        return alarm

    def _match_row(self, book: _Book, ticks: TickArray, row: int, place: int) -> Iterator[Event]:
        market = _market(ticks[row], place)
        for working in list(book.orders):
            if working not in book.orders or place <= working.order.tape_at:
                continue
            expiry = self._expiry(working.order)
            if expiry is not None and market.at_ns >= expiry:
                book.orders.remove(working)
                yield _changed(working.order, "expire", market.at_ns, place)
            elif market.bid == market.bid and market.at_ns >= working.order.at_ns + self._rules.latency_ns:
                yield from self._match_order(book, working, market)

    def _match_order(self, book: _Book, working: Working, market: _Market) -> Iterator[Event]:
        order = working.order
        price = self._price(working, market)
        if price is not None and working.is_stop:
            working.triggered = True
            yield _changed(order, "trigger", market.at_ns, market.place)
            price = price if working.is_market else self._limit_price(working, market)
        if price is None:
            working.rested = True  # from here on the market comes to it; what was marketable all along keeps taking
        else:
            yield from self._fill(book, working, price, market)
        if order.validity is Validity.IOC and working in book.orders:
            book.orders.remove(working)
            yield _changed(order, "cancel", market.at_ns, market.place, "ioc", "the rest of an IOC order")

    def _price(self, working: Working, market: _Market) -> float | None:
        """What this order would trade (or trigger) at on this row; None: not now."""
        if working.is_stop:
            return _stop_price(working, market)
        if working.is_market:
            return market.ask if working.order.side is Side.BUY else market.bid
        return self._limit_price(working, market)

    def _limit_price(self, working: Working, market: _Market) -> float | None:
        limit = float(working.order.limit_price or 0)
        buying = working.order.side is Side.BUY
        there = market.ask if buying else market.bid
        through = (limit - there) if buying else (there - limit)
        if through < 0 or (through == 0 and working.rested and self._rules.limit_fill == "crossed"):
            return None
        return limit if working.rested else there

    def _fill(self, book: _Book, working: Working, price: float, market: _Market) -> Iterator[Event]:
        order, instrument = working.order, self.instruments[working.order.instrument]
        maker = not working.is_market and working.rested and not working.triggered
        paid = decimal_price(price)
        if working.is_market and self._rules.slippage_ticks:
            paid += order.side.sign * self._rules.slippage_ticks * instrument.tick_size
        if order.cash_fraction is not None and not working.fills:
            working.left = self._sized(order, paid, instrument)
        qty = self._available(working, market, instrument)
        if qty <= 0:
            if working.left <= 0:
                book.orders.remove(working)
                yield _changed(order, "cancel", market.at_ns, market.place, "no_cash", "not enough cash for one lot")
            return
        working.left -= qty
        working.fills += 1
        done = working.left <= 0
        if done:
            book.orders.remove(working)
        yield Fill(
            fill_id=f"{order.client_order_id}-{working.fills}",
            client_order_id=order.client_order_id,
            account_id=order.account_id,
            instrument=order.instrument,
            side=order.side,
            qty=qty,
            price=paid,
            fee=working.meter.add(qty, paid, maker),
            currency=instrument.currency,
            at_ns=market.at_ns,
            tape_at=market.place,
            run_id=order.run_id,
            maker=maker,
            closes_order=done,
        )
        yield from _shrink_group(book, working, qty, market)

    def _available(self, working: Working, market: _Market, instrument: Instrument) -> Decimal:
        shown = market.ask_size if working.order.side is Side.BUY else market.bid_size
        if not self._rules.partial_fills or not shown > 0 or market.continuous:
            return working.left
        whole = (Decimal(repr(shown)) / instrument.lot_size).to_integral_value(ROUND_DOWN) * instrument.lot_size
        return min(working.left, whole)

    def _sized(self, order: NewOrder, price: Decimal, instrument: Instrument) -> Decimal:
        if self._free_equity is None or order.cash_fraction is None:
            return order.qty
        unit = price * instrument.multiplier
        unit += self._costs.fee(Decimal(1), price, instrument.multiplier)
        lots = (self._free_equity(order.account_id) * order.cash_fraction) // (unit * instrument.lot_size)
        return max(lots, Decimal(0)) * instrument.lot_size

    def _expiry(self, order: NewOrder) -> int | None:
        if order.validity is not Validity.DAY or self._day_end is None:
            return None
        return self._day_end(order.instrument, order.at_ns)


def _market(tick: object, place: int) -> _Market:
    flags = int(tick["flags"])  # type: ignore[index]
    bid, size = float(tick["price"]), float(tick["size"])  # type: ignore[index]
    recorded = bool(flags & FROM_CANDLE)
    quoted = bool(flags & QUOTE)
    ask = float(tick["ask"]) if quoted else bid  # type: ignore[index]
    ask_size = float(tick["ask_size"]) if quoted else size  # type: ignore[index]
    if flags & CLOCK:
        bid = ask = math.nan
    if recorded:
        size = ask_size = 0.0
    continuous = recorded and not flags & CANDLE_OPEN
    return _Market(bid, ask, size, ask_size, continuous, int(tick["event_ns"]), place)  # type: ignore[index]


def _stop_price(working: Working, market: _Market) -> float | None:
    trigger = float(working.order.trigger_price or 0)
    buying = working.order.side is Side.BUY
    there = market.ask if buying else market.bid
    if (there < trigger) if buying else (there > trigger):
        return None
    return trigger if market.continuous and working.rested else there


def _shrink_group(book: _Book, filled: Working, qty: Decimal, market: _Market) -> Iterator[Event]:
    """One cancels the other: what one order of a group filled, the others need no longer do."""
    group = filled.order.oco
    if not group:
        return
    for other in [w for w in book.orders if w.order.oco == group and w is not filled]:
        other.left -= qty
        if other.left <= 0:
            book.orders.remove(other)
            yield _changed(other.order, "cancel", market.at_ns, market.place, "oco", "its counterpart filled")


def _changed(order: NewOrder, event: str, at_ns: int, tape_at: int, code: str = "", reason: str = "") -> OrderChanged:
    return OrderChanged(
        order.client_order_id,
        order.account_id,
        order.instrument,
        event,
        at_ns,
        tape_at,
        order.run_id,
        code,
        reason,
    )
