"""How much: a signal becomes an intent with a quantity the venue can trade, or a refusal that says why."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_DOWN, ROUND_HALF_EVEN, Decimal, InvalidOperation
from typing import Protocol

from apps.domain.errors import BadInput
from apps.domain.messages import ZERO, Instrument, Mode, OrderIntent, Side, Signal


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why not. `code` is stable; `numbers`: (name, limit, seen) behind the sentence."""

    code: str
    reason: str
    numbers: tuple[tuple[str, str, str], ...] = ()


class Holdings(Protocol):
    """What sizing looks at; `pnl.Book` is one. Amounts in the account's currency."""

    @property
    def equity(self) -> Decimal: ...

    def qty(self, instrument: int) -> Decimal: ...

    def rate(self, currency: str) -> Decimal: ...


class Sizing(Protocol):
    """A sizing rule: units for an entry at `price` of something worth `unit_value` (account currency) a unit."""

    def units(self, price: Decimal, unit_value: Decimal, equity: Decimal) -> Decimal: ...


@dataclass(frozen=True, slots=True)
class FixedUnits:
    qty: Decimal = Decimal(1)

    def units(self, price: Decimal, unit_value: Decimal, equity: Decimal) -> Decimal:
        return self.qty


@dataclass(frozen=True, slots=True)
class FixedCash:
    """The same amount of the account's currency in every entry."""

    amount: Decimal

    def units(self, price: Decimal, unit_value: Decimal, equity: Decimal) -> Decimal:
        return self.amount / unit_value


@dataclass(frozen=True, slots=True)
class EquityPercent:
    """`percent` of the account's equity in every entry; 100 is all of it."""

    percent: Decimal

    def units(self, price: Decimal, unit_value: Decimal, equity: Decimal) -> Decimal:
        return equity * self.percent / 100 / unit_value


@dataclass(frozen=True, slots=True)
class RiskPercent:
    """As much as loses `percent` of equity when price moves `stop_distance` points against it."""

    percent: Decimal
    stop_distance: Decimal

    def units(self, price: Decimal, unit_value: Decimal, equity: Decimal) -> Decimal:
        return equity * self.percent / 100 / (self.stop_distance * unit_value / price)


def sizing_parse(text: str) -> Sizing:
    """A rule from a form or a command line: `units:2`, `cash:10000`, `equity:25`, `risk:1:150`. Raises BadInput."""
    kind, *numbers = text.strip().split(":")
    kinds: dict[str, type[Sizing]] = {
        "units": FixedUnits,
        "cash": FixedCash,
        "equity": EquityPercent,
        "risk": RiskPercent,
    }
    try:
        values = [Decimal(number) for number in numbers]
        if any(not value.is_finite() or value <= 0 for value in values):
            raise ValueError(text)
        return kinds[kind](*values)
    except (KeyError, TypeError, ValueError, InvalidOperation):
        sentence = f"cannot read sizing {text!r}; try units:1, cash:10000, equity:25, risk:1:150"
        raise BadInput(sentence, field="sizing") from None


def whole_lots(qty: Decimal, lot_size: Decimal) -> Decimal:
    """`qty` rounded down to what can be traded."""
    return (qty / lot_size).to_integral_value(ROUND_DOWN) * lot_size


def on_tick(price: Decimal | None, tick_size: Decimal) -> Decimal | None:
    """The nearest price the venue takes."""
    return None if price is None else (price / tick_size).to_integral_value(ROUND_HALF_EVEN) * tick_size


def size(signal: Signal, book: Holdings, instrument: Instrument, sizing: Sizing, mode: Mode) -> OrderIntent | Refusal:
    """A quantity for the signal. An own `qty` is used as it is, in whole lots; an exit never exceeds the position."""
    found = _exit_qty(signal, book, instrument) if signal.exit else _entry_qty(signal, book, instrument, sizing, mode)
    if isinstance(found, Refusal):
        return found
    return OrderIntent(
        client_order_id=signal.client_order_id,
        account_id=signal.account_id,
        instrument=signal.instrument,
        side=signal.side,
        qty=found,
        order_type=signal.order_type,
        price=signal.limit_price or signal.trigger_price or signal.mark,
        at_ns=signal.at_ns,
        mode=mode,
        limit_price=on_tick(signal.limit_price, instrument.tick_size),
        trigger_price=on_tick(signal.trigger_price, instrument.tick_size),
        validity=signal.validity,
        exit=signal.exit,
        oco=signal.oco,
        tag=signal.tag,
        run_id=signal.run_id,
        tape_at=signal.tape_at,
        cash_fraction=None if signal.exit else signal.cash_fraction,
    )


def _exit_qty(signal: Signal, book: Holdings, instrument: Instrument) -> Decimal | Refusal:
    held = book.qty(instrument.number)
    if held * signal.side.sign >= 0:
        return Refusal("nothing_to_exit", f"no position in {instrument.symbol} that a {signal.side} would reduce")
    if signal.qty is None or signal.qty >= abs(held):
        return abs(held)  # an odd lot may leave whole
    return _lots(signal.qty, instrument)


def _entry_qty(signal: Signal, book: Holdings, instrument: Instrument, sizing: Sizing, mode: Mode) -> Decimal | Refusal:
    if signal.qty is not None:
        return _lots(signal.qty, instrument)
    if signal.cash_fraction is not None and mode is Mode.LIVE:
        return Refusal("sized_at_fill", "a share of cash is sized at the fill; only the simulated venue can do that")
    unit_value = signal.mark * instrument.multiplier * book.rate(instrument.currency)
    if unit_value <= 0:
        return Refusal("no_price", f"cannot size {instrument.symbol} at a price of {signal.mark}")
    if signal.cash_fraction is not None:
        sizing = EquityPercent(signal.cash_fraction * 100)  # an estimate; the fill's price settles it
    return _lots(sizing.units(signal.mark, unit_value, book.equity), instrument)


def _lots(qty: Decimal, instrument: Instrument) -> Decimal | Refusal:
    lots = whole_lots(qty, instrument.lot_size)
    if lots > ZERO:
        return lots
    return Refusal(
        "below_lot",
        f"{qty.normalize():f} of {instrument.symbol} is less than one lot of {instrument.lot_size}",
        (("lot_size", str(instrument.lot_size), str(qty)),),
    )


def flatten_side(qty: Decimal) -> Side:
    """The side that brings a signed position back to zero."""
    return Side.SELL if qty > 0 else Side.BUY
