"""What accounts hold and are worth. The numbers come from the domain's Book, filled from the rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Protocol

from django.db import connection
from django.db.models import QuerySet

from apps.accounts.models import BrokerAccount, User
from apps.accounts.selectors import account_get, account_list
from apps.common.rows import rows
from apps.domain import messages, positions
from apps.domain.messages import decimal_price
from apps.domain.pnl import Book
from apps.instruments.selectors import instruments_for_domain
from apps.marketdata.quotes import board
from apps.portfolio.models import Cash, DayStart, EquitySnapshot, FxRate, LedgerEntry, Position

Marks = Callable[[int], Decimal | None]
"""Instrument number -> what a unit is worth now, None where nobody knows."""


class Holder(Protocol):
    """Whose book it is: a BrokerAccount, or as much of one as is known."""

    pk: int
    currency: str
    starting_cash: Decimal


def marks_live(instrument: int) -> Decimal | None:
    """The last price on this process's quote board."""
    quote = board.get(instrument)
    return None if quote is None else decimal_price(quote.price)


_CASH = f"SELECT currency, amount FROM {Cash._meta.db_table} WHERE account_id = %s"  # noqa: S608
_POSITIONS = (
    f"SELECT instrument_id, qty, cost, realised, fees, mark FROM {Position._meta.db_table} "  # noqa: S608
    "WHERE account_id = %s ORDER BY instrument_id"
)
_DAY = f"SELECT equity FROM {DayStart._meta.db_table} WHERE account_id = %s"  # noqa: S608


def book_for(
    account: Holder,
    *,
    instruments: Mapping[int, messages.Instrument] | None = None,
    marks: Marks = marks_live,
    day: date | None = None,
    currencies: Set[str] = frozenset(),
) -> Book:
    """The account's book as the rows say, marked at `marks` (else at the last fill).

    `day`: count its P&L from the start of this trading day, None: of the latest day known. A day that
    has not begun for the account leaves the book without one (`day_begun`). `currencies`: others it
    needs the rates of.
    """
    if instruments is None:
        instruments = {instrument.number: instrument for instrument in instruments_for_domain()}
    cash = [(currency, Decimal(amount)) for currency, amount in rows(_CASH, [account.pk])]
    held = rows(_POSITIONS, [account.pk])
    foreign = currencies | {currency for currency, _ in cash} | {instruments[number].currency for number, *_ in held}
    book = Book(account.pk, instruments, account.currency, rates_into(account.currency, foreign))
    for currency, amount in cash or [(account.currency, account.starting_cash)]:
        book.deposit(amount, currency)
    for number, *amounts, mark in held:
        position = positions.Position(*map(Decimal, amounts))
        book.restore(number, position, (marks(number) if position.qty else None) or Decimal(mark))
    start = day_start_known(account.pk, day)
    if start is not None:
        book.day_start(start)
    return book


def day_start_known(account_id: int, day: date | None) -> Decimal | None:
    """Equity at the start of `day`, or of the latest day; None where it has not begun for the account."""
    if day is None:
        found = rows(f"{_DAY} ORDER BY day DESC LIMIT 1", [account_id])
    else:
        found = rows(f"{_DAY} AND day = %s", [account_id, connection.ops.adapt_datefield_value(day)])
    return Decimal(found[0][0]) if found else None


def rates_into(currency: str, wanted: Set[str] | None = None) -> dict[str, Decimal]:
    """Rates of other currencies; asks the database only when one of `wanted` is another."""
    if wanted is not None and not wanted - {currency}:
        return {}
    return dict(FxRate.objects.filter(into=currency).values_list("currency", "rate"))


def position_list(*, actor: User, account_id: int | None = None, open_only: bool = True) -> list[Position]:
    """Positions on accounts the actor may see."""
    held = Position.objects.select_related("instrument", "account")
    if not actor.is_admin:
        held = held.filter(account__in=account_list(actor=actor).values("pk"))
    if account_id is not None:
        held = held.filter(account_id=account_id)
    return [position for position in held if position.qty or not open_only]


@dataclass(frozen=True, slots=True)
class Holding:
    """One open position at its mark. Money in the instrument's currency."""

    instrument: messages.Instrument
    qty: Decimal
    avg_price: Decimal
    mark: Decimal
    value: Decimal
    unrealised: Decimal
    realised: Decimal


@dataclass(frozen=True, slots=True)
class Summary:
    """What an account is worth now, in its currency. equity = cash + value."""

    account: BrokerAccount
    cash: Decimal
    value: Decimal
    equity: Decimal
    unrealised: Decimal
    realised: Decimal
    fees: Decimal
    day_pnl: Decimal
    holdings: list[Holding]


def account_summary(*, actor: User, account_id: int, marks: Marks = marks_live) -> Summary:
    """Equity, P&L and open positions of one account. Raises NotFound."""
    account = account_get(actor=actor, account_id=account_id)
    book = book_for(account, marks=marks)
    return Summary(
        account=account,
        cash=book.cash,
        value=book.value,
        equity=book.equity,
        unrealised=book.unrealised,
        realised=book.realised,
        fees=book.fees,
        day_pnl=book.day_pnl,
        holdings=holdings(book),
    )


def holdings(book: Book) -> list[Holding]:
    """The open positions of a book, by instrument."""
    found = []
    for number, position in sorted(book.positions.items()):
        if position.qty:
            traded, mark = book.instruments[number], book.marks[number]
            found.append(
                Holding(
                    instrument=traded,
                    qty=position.qty,
                    avg_price=position.avg_price(traded.multiplier),
                    mark=mark,
                    value=position.value(mark, traded.multiplier),
                    unrealised=position.unrealised(mark, traded.multiplier),
                    realised=position.realised,
                )
            )
    return found


def equity_curve(*, actor: User, account_id: int, limit: int = 1000) -> list[EquitySnapshot]:
    """The newest points of the curve, oldest first. Raises NotFound."""
    account = account_get(actor=actor, account_id=account_id)
    newest = EquitySnapshot.objects.filter(account=account).order_by("-at")[:limit]
    return list(newest)[::-1]


def ledger_list(*, actor: User, account_id: int) -> QuerySet[LedgerEntry]:
    """Every line of one account's ledger, newest first. Raises NotFound."""
    account = account_get(actor=actor, account_id=account_id)
    return LedgerEntry.objects.filter(account=account).select_related("instrument")
