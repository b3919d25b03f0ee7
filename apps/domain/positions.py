"""A fill becomes a position: net with average cost, and FIFO lots for round trips and tax.

Signs: `qty` and `cost` are positive long and negative short. `cost` is money, so that
`avg_price = cost / (qty x multiplier)` and the market value at a mark is `mark x qty x multiplier`.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from apps.domain.messages import ZERO, Fill, Instrument

QUANTUM: Final = Decimal("1e-8")
"""Cost released by a part close is rounded to this, so that all sums stay exact."""


@dataclass(frozen=True, slots=True)
class Position:
    """Net holding in one instrument. `cost`: what the open part was bought (sold) for; `realised`: before fees."""

    qty: Decimal = ZERO
    cost: Decimal = ZERO
    realised: Decimal = ZERO
    fees: Decimal = ZERO

    def avg_price(self, multiplier: Decimal) -> Decimal:
        """Price per unit of what is open; 0 when flat."""
        return self.cost / (self.qty * multiplier) if self.qty else ZERO

    def value(self, mark: Decimal, multiplier: Decimal) -> Decimal:
        """Market value: negative for a short, which would cost that much to buy back."""
        return mark * self.qty * multiplier

    def unrealised(self, mark: Decimal, multiplier: Decimal) -> Decimal:
        return self.value(mark, multiplier) - self.cost

    def after(self, signed_qty: Decimal, price: Decimal, multiplier: Decimal, fee: Decimal = ZERO) -> Position:
        """The position once `signed_qty` units traded at `price`; a trade through zero closes and opens anew."""
        qty, paid = self.qty + signed_qty, signed_qty * price * multiplier
        if self.qty * signed_qty >= 0:
            return Position(qty, self.cost + paid, self.realised, self.fees + fee)
        if abs(signed_qty) <= abs(self.qty):
            released = self._cost_of(-signed_qty)
            return Position(qty, self.cost - released, self.realised - paid - released, self.fees + fee)
        closed = -self.qty * price * multiplier
        return Position(qty, paid - closed, self.realised - closed - self.cost, self.fees + fee)

    def _cost_of(self, part: Decimal) -> Decimal:
        """Share of the cost that `part` of the open units carries; the whole cost for the whole position."""
        return self.cost if part == self.qty else (self.cost * part / self.qty).quantize(QUANTUM)


def average_after(qty: Decimal, avg_price: Decimal, change: Decimal, price: Decimal) -> tuple[Decimal, Decimal]:
    """(signed quantity, average price of what is open) after trading `change` at `price`."""
    after = qty + change
    if qty * change >= 0:
        return after, (avg_price * abs(qty) + price * abs(change)) / abs(after)
    if not after:
        return after, ZERO
    return after, price if after * qty < 0 else avg_price


def signed(fill: Fill) -> Decimal:
    """Units bought, negative when sold."""
    return fill.qty if fill.side.sign > 0 else -fill.qty


@dataclass(slots=True)
class Lot:
    """Units bought or sold together and not yet closed. `qty` signed; `fee`: what is left of the entry's fee."""

    qty: Decimal
    price: Decimal
    fee: Decimal
    at_ns: int
    tape_at: int
    fill_id: str


@dataclass(frozen=True, slots=True)
class RoundTrip:
    """One lot (or part of one) from entry to exit. `qty` signed by the entry; `pnl` after `fees`, in `currency`."""

    instrument: int
    qty: Decimal
    entry_price: Decimal
    exit_price: Decimal
    entry_ns: int
    exit_ns: int
    pnl: Decimal
    fees: Decimal
    currency: str
    entry_tape_at: int = 0
    exit_tape_at: int = 0
    entry_fill: str = ""
    exit_fill: str = ""
    multiplier: Decimal = Decimal(1)

    @property
    def return_(self) -> float:
        """P&L after fees as a fraction of what was put in."""
        return float(self.pnl / (abs(self.qty) * self.entry_price * self.multiplier))


@dataclass(slots=True)
class LotQueue:
    """Open lots of one instrument, first in first out."""

    instrument: Instrument
    open: deque[Lot] = field(default_factory=deque)

    @property
    def qty(self) -> Decimal:
        return sum((lot.qty for lot in self.open), ZERO)

    def apply(self, fill: Fill) -> list[RoundTrip]:
        """Close the oldest lots against the fill, open a lot with what is left; returns the trips that ended."""
        left, fee, done = signed(fill), fill.fee, list[RoundTrip]()
        while left and self.open and self.open[0].qty * left < 0:
            lot = self.open[0]
            part = lot.qty if abs(lot.qty) <= abs(left) else -left
            exit_fee = fee if part == -left else (fill.fee * abs(part) / fill.qty).quantize(QUANTUM)
            entry_fee = lot.fee if part == lot.qty else (lot.fee * part / lot.qty).quantize(QUANTUM)
            done.append(self._trip(lot, fill, part, entry_fee + exit_fee))
            left, fee, lot.qty, lot.fee = left + part, fee - exit_fee, lot.qty - part, lot.fee - entry_fee
            if not lot.qty:
                self.open.popleft()
        if left:
            self.open.append(Lot(left, fill.price, fee, fill.at_ns, fill.tape_at, fill.fill_id))
        return done

    def _trip(self, lot: Lot, fill: Fill, part: Decimal, fees: Decimal) -> RoundTrip:
        multiplier = self.instrument.multiplier
        return RoundTrip(
            instrument=fill.instrument,
            qty=part,
            entry_price=lot.price,
            exit_price=fill.price,
            entry_ns=lot.at_ns,
            exit_ns=fill.at_ns,
            pnl=part * (fill.price - lot.price) * multiplier - fees,
            fees=fees,
            currency=fill.currency,
            entry_tape_at=lot.tape_at,
            exit_tape_at=fill.tape_at,
            entry_fill=lot.fill_id,
            exit_fill=fill.fill_id,
            multiplier=multiplier,
        )
