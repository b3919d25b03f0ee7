"""The book of one account: cash, positions and marks. Its law: equity = cash + positions at mark.

One formulation for every product: buying takes the whole notional out of cash, shorting puts it in,
and an open position is worth mark x qty x multiplier (negative when short). Fees leave cash. So the
law holds exactly at every moment, margin or no margin; what a margin product ties up is a limit, not
a booking. Amounts are kept per currency; totals are in the account's currency at the given rates.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal

from apps.domain.errors import BadInput, Misconfigured
from apps.domain.messages import ZERO, Fill, Instrument, PositionChanged
from apps.domain.positions import Position, signed

FLAT = Position()
ONE = Decimal(1)


class Book:
    """Money and holdings of one account, one fill or mark at a time, each in O(1).

    `instruments`: by number, for multiplier and currency. `rates`: account currency per unit of another.
    """

    def __init__(
        self,
        account_id: int,
        instruments: Mapping[int, Instrument],
        currency: str = "USD",
        rates: Mapping[str, Decimal] | None = None,
    ) -> None:
        self.account_id = account_id
        self.instruments = instruments
        self.currency = currency
        self.rates = {**(rates or {}), currency: ONE}
        self.positions: dict[int, Position] = {}
        self.marks: dict[int, Decimal] = {}
        self.cash_by: dict[str, Decimal] = {currency: ZERO}
        self._value_by: dict[str, Decimal] = {}
        self._day_start: Decimal | None = None

    # what happens

    def deposit(self, amount: Decimal, currency: str | None = None) -> None:
        """Money in (negative: out). The day's P&L does not move by it."""
        before = self.equity
        self._pay(currency or self.currency, amount)
        if self._day_start is not None:
            self._day_start += self.equity - before

    def apply(self, fill: Fill) -> PositionChanged:
        """Book a fill. It marks its instrument too: the last price known is the one that just traded."""
        if fill.account_id != self.account_id:
            raise BadInput(f"fill {fill.fill_id} belongs to account {fill.account_id}, not {self.account_id}")
        instrument = self.instruments[fill.instrument]
        qty, multiplier = signed(fill), instrument.multiplier
        position = self.positions.get(fill.instrument, FLAT).after(qty, fill.price, multiplier, fill.fee)
        self._pay(instrument.currency, -qty * fill.price * multiplier)
        self._pay(fill.currency, -fill.fee)
        self.mark(fill.instrument, fill.price)
        self._revalue(instrument.currency, qty * fill.price * multiplier)
        self.positions[fill.instrument] = position
        return PositionChanged(
            account_id=self.account_id,
            instrument=fill.instrument,
            qty=position.qty,
            avg_price=position.avg_price(multiplier),
            realised=position.realised,
            at_ns=fill.at_ns,
            fill_id=fill.fill_id,
        )

    def mark(self, instrument: int, price: Decimal) -> None:
        """What a unit is worth now; the caller says whether that is the last trade, the bid or the middle."""
        position, old = self.positions.get(instrument), self.marks.get(instrument)
        self.marks[instrument] = price
        if position is not None and position.qty and old is not None:
            traded = self.instruments[instrument]
            self._revalue(traded.currency, (price - old) * position.qty * traded.multiplier)

    def restore(self, instrument: int, position: Position, mark: Decimal) -> None:
        """Put a remembered position back, once per instrument and before anything else happens to it."""
        if instrument in self.positions:
            raise BadInput(f"account {self.account_id} has a position in instrument {instrument} already")
        traded = self.instruments[instrument]
        self.positions[instrument], self.marks[instrument] = position, mark
        self._revalue(traded.currency, position.value(mark, traded.multiplier))

    def day_start(self, equity: Decimal | None = None) -> None:
        """A trading day begins: its P&L is counted from here (or from a remembered equity)."""
        self._day_start = self.equity if equity is None else equity

    # what it adds up to, in the account's currency

    @property
    def cash(self) -> Decimal:
        return self._total(self.cash_by)

    @property
    def value(self) -> Decimal:
        """Market value of all positions, shorts negative."""
        return self._total(self._value_by)

    @property
    def equity(self) -> Decimal:
        return self.cash + self.value

    @property
    def realised(self) -> Decimal:
        """Closed profit before fees."""
        return self._sum(lambda number, position: position.realised)

    @property
    def unrealised(self) -> Decimal:
        return self._sum(
            lambda number, position: position.unrealised(self.marks[number], self.instruments[number].multiplier)
        )

    @property
    def fees(self) -> Decimal:
        """Fees of all fills, each taken to be in its instrument's currency."""
        return self._sum(lambda number, position: position.fees)

    @property
    def gross(self) -> Decimal:
        """Market value of longs and shorts added, not netted."""
        return self._sum(
            lambda number, position: abs(position.value(self.marks[number], self.instruments[number].multiplier))
        )

    @property
    def free_equity(self) -> Decimal:
        """What a cash account may still put into positions; never negative."""
        return max(self.equity - self.gross, ZERO)

    @property
    def day_begun(self) -> bool:
        return self._day_start is not None

    @property
    def day_start_equity(self) -> Decimal:
        return self.equity if self._day_start is None else self._day_start

    @property
    def day_pnl(self) -> Decimal:
        """Realised and unrealised since the day began, fees included, deposits not."""
        return self.equity - self.day_start_equity

    def qty(self, instrument: int) -> Decimal:
        """Signed units held; 0 when flat."""
        return self.positions.get(instrument, FLAT).qty

    def rate(self, currency: str) -> Decimal:
        """Account currency per unit of `currency`. Raises Misconfigured where nobody has set one."""
        try:
            return self.rates[currency]
        except KeyError:
            raise Misconfigured(
                f"account {self.account_id} counts in {self.currency} and has no rate for {currency}; set one",
                currency=currency,
            ) from None

    def _pay(self, currency: str, amount: Decimal) -> None:
        self.cash_by[currency] = self.cash_by.get(currency, ZERO) + amount

    def _revalue(self, currency: str, change: Decimal) -> None:
        self._value_by[currency] = self._value_by.get(currency, ZERO) + change

    def _total(self, amounts: Mapping[str, Decimal]) -> Decimal:
        return sum((amount * self.rate(currency) for currency, amount in amounts.items() if amount), ZERO)

    def _sum(self, of: Callable[[int, Position], Decimal]) -> Decimal:
        return sum(
            (
                of(number, position) * self.rate(self.instruments[number].currency)
                for number, position in self.positions.items()
            ),
            ZERO,
        )
