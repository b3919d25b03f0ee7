"""What trading costs: pluggable fee schedules. Fees are in the instrument's currency, positive where they cost."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal, InvalidOperation
from typing import Protocol

from apps.domain.errors import BadInput
from apps.domain.messages import ZERO

ONE = Decimal(1)


class Costs(Protocol):
    """A fee schedule: the fee of one fill, and what a whole order may be charged at least and at most."""

    def fee(self, qty: Decimal, price: Decimal, multiplier: Decimal = ONE, maker: bool = False) -> Decimal: ...

    def within(self, total: Decimal) -> Decimal: ...


@dataclass(frozen=True, slots=True)
class NoCosts:
    def fee(self, qty: Decimal, price: Decimal, multiplier: Decimal = ONE, maker: bool = False) -> Decimal:
        return ZERO

    def within(self, total: Decimal) -> Decimal:
        return total


@dataclass(frozen=True, slots=True)
class PerUnit:
    """A fixed amount per unit, or per started lot of `lot` units."""

    amount: Decimal
    lot: Decimal = ONE

    def fee(self, qty: Decimal, price: Decimal, multiplier: Decimal = ONE, maker: bool = False) -> Decimal:
        if self.lot == ONE:
            return self.amount * qty
        return self.amount * (qty / self.lot).to_integral_value(ROUND_CEILING)

    def within(self, total: Decimal) -> Decimal:
        return total


@dataclass(frozen=True, slots=True)
class Percent:
    """A share of turnover on entry and on exit: 0.002 is 0.2 %, as backtesting.py's `commission`."""

    rate: Decimal

    def fee(self, qty: Decimal, price: Decimal, multiplier: Decimal = ONE, maker: bool = False) -> Decimal:
        return self.rate * qty * price * multiplier

    def within(self, total: Decimal) -> Decimal:
        return total


@dataclass(frozen=True, slots=True)
class MakerTaker:
    """A share of turnover that depends on who was there first; a negative maker rate is a rebate."""

    maker: Decimal
    taker: Decimal

    def fee(self, qty: Decimal, price: Decimal, multiplier: Decimal = ONE, maker: bool = False) -> Decimal:
        return (self.maker if maker else self.taker) * qty * price * multiplier

    def within(self, total: Decimal) -> Decimal:
        return total


@dataclass(frozen=True, slots=True)
class Bounded:
    """Any schedule with a least and a most per order."""

    inner: Costs
    least: Decimal = ZERO
    most: Decimal | None = None

    def fee(self, qty: Decimal, price: Decimal, multiplier: Decimal = ONE, maker: bool = False) -> Decimal:
        return self.inner.fee(qty, price, multiplier, maker)

    def within(self, total: Decimal) -> Decimal:
        raised = max(self.inner.within(total), self.least)
        return raised if self.most is None else min(raised, self.most)


class FeeMeter:
    """The fees of one order, fill by fill: together they are what the schedule asks for the whole order."""

    def __init__(self, costs: Costs, multiplier: Decimal = ONE) -> None:
        self.charged = ZERO
        self._costs, self._multiplier, self._total = costs, multiplier, ZERO

    def add(self, qty: Decimal, price: Decimal, maker: bool = False) -> Decimal:
        """The fee of the next fill; a later one may cost nothing once the most is reached."""
        self._total += self._costs.fee(qty, price, self._multiplier, maker)
        due = self._costs.within(self._total) - self.charged
        self.charged += due
        return due


def costs_parse(text: str) -> Costs:
    """A schedule from settings or a command line.

    `none` · `unit:1.5` · `lot:20:50` (amount, units a lot) · `percent:0.002` · `maker_taker:-0.0001:0.0005`, each
    with `,min=` and `,max=` per order behind it: `percent:0.0003,max=20`. Raises BadInput.
    """
    schedule, *bounds = text.strip().split(",")
    kind, *numbers = schedule.split(":")
    try:
        found = _schedule(kind, [Decimal(number) for number in numbers])
        edges = {name: Decimal(value) for name, value in (bound.split("=") for bound in bounds)}
    except (ValueError, TypeError, KeyError, InvalidOperation):
        raise BadInput(f"cannot read costs {text!r}; try percent:0.002 or unit:1.5,min=2", field="costs") from None
    if not edges:
        return found
    if edges.keys() - {"min", "max"}:
        raise BadInput(f"costs know min= and max=, not {text!r}", field="costs")
    return Bounded(found, edges.get("min", ZERO), edges.get("max"))


def _schedule(kind: str, numbers: list[Decimal]) -> Costs:
    kinds: dict[str, type[Costs]] = {
        "none": NoCosts,
        "unit": PerUnit,
        "lot": PerUnit,
        "percent": Percent,
        "maker_taker": MakerTaker,
    }
    return kinds[kind](*numbers)
