"""Double entry: every movement of money is lines that add up to zero in each currency.

Positive is a debit (we have more of it), negative a credit (where it came from). Assets are `cash` and
`positions` (at cost); `capital`, `realised`, `fees`, `charges` and `funding` say why they changed. So at
any time: cash + positions at cost = -(capital + realised + fees + ...), and equity is that plus
what the open positions have gained since (market value - cost).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from apps.domain.errors import RuleBroken
from apps.domain.messages import ZERO, Fill, Instrument
from apps.domain.positions import Position, signed


class Account(StrEnum):
    CASH = "cash"
    POSITIONS = "positions"  # open positions at cost, negative for shorts
    CAPITAL = "capital"  # deposits and withdrawals
    REALISED = "realised"  # closed profit before fees (a credit, so profits are negative)
    FEES = "fees"
    CHARGES = "charges"  # taxes, data, platform
    FUNDING = "funding"  # interest, swap, perpetual funding


@dataclass(frozen=True, slots=True)
class Line:
    """One side of a movement. `ref` is shared by the lines that belong together, e.g. `fill:<id>`."""

    ref: str
    account: Account
    currency: str
    amount: Decimal
    at_ns: int
    instrument: int | None = None


def fill_lines(before: Position, fill: Fill, instrument: Instrument) -> list[Line]:
    """What a fill does to the ledger, given the position it met. Lines of zero are left out."""
    qty, multiplier = signed(fill), instrument.multiplier
    after = before.after(qty, fill.price, multiplier, fill.fee)
    ref, at_ns, number = f"fill:{fill.fill_id}", fill.at_ns, fill.instrument
    lines = [
        Line(ref, Account.CASH, instrument.currency, -qty * fill.price * multiplier, at_ns, number),
        Line(ref, Account.POSITIONS, instrument.currency, after.cost - before.cost, at_ns, number),
        Line(ref, Account.REALISED, instrument.currency, before.realised - after.realised, at_ns, number),
        Line(ref, Account.FEES, fill.currency, fill.fee, at_ns, number),
        Line(ref, Account.CASH, fill.currency, -fill.fee, at_ns, number),
    ]
    return [line for line in lines if line.amount]


def transfer_lines(ref: str, account: Account, amount: Decimal, currency: str, at_ns: int) -> list[Line]:
    """Cash in for a reason: a deposit is `capital`, a charge a negative amount on `charges`."""
    return [
        Line(ref, Account.CASH, currency, amount, at_ns),
        Line(ref, account, currency, -amount, at_ns),
    ]


def balanced(lines: Iterable[Line]) -> bool:
    """Do these lines add up to zero in every currency?"""
    sums: defaultdict[str, Decimal] = defaultdict(lambda: ZERO)
    for line in lines:
        sums[line.currency] += line.amount
    return not any(sums.values())


def trial_balance(lines: Iterable[Line]) -> dict[tuple[str, Account], Decimal]:
    """Sum per currency and account; over one currency the sums add up to zero."""
    sums: defaultdict[tuple[str, Account], Decimal] = defaultdict(lambda: ZERO)
    for line in lines:
        sums[line.currency, line.account] += line.amount
    return dict(sums)


class Ledger:
    """The append-only lines of one account, in memory."""

    def __init__(self) -> None:
        self.lines: list[Line] = []

    def post(self, lines: Iterable[Line]) -> None:
        """Append lines that belong together. Raises RuleBroken, and appends none, when they do not add up."""
        together = list(lines)
        if not balanced(together):
            ref = together[0].ref
            raise RuleBroken(f"the lines of {ref} do not add up to zero", ref=ref, lines=trial_balance(together))
        self.lines += together

    def balance(self, account: Account, currency: str) -> Decimal:
        return trial_balance(self.lines).get((currency, account), ZERO)

    def equity(self, values: Mapping[str, Decimal]) -> dict[str, Decimal]:
        """Equity per currency from the reasons for it: capital, realised and costs, plus the open gain.

        `values`: market value of open positions per currency.
        """
        sums = trial_balance(self.lines)
        currencies = {currency for currency, _ in sums} | set(values)
        return {currency: self._equity_of(currency, sums, values.get(currency, ZERO)) for currency in currencies}

    @staticmethod
    def _equity_of(currency: str, sums: Mapping[tuple[str, Account], Decimal], value: Decimal) -> Decimal:
        assets = (Account.CASH, Account.POSITIONS)
        reasons = sum((-sums.get((currency, account), ZERO) for account in Account if account not in assets), ZERO)
        return reasons + value - sums.get((currency, Account.POSITIONS), ZERO)
