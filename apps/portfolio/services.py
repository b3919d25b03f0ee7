"""Fills and transfers become positions, cash and ledger lines, all of one movement in one transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

from django.db import transaction
from django.utils import timezone

from apps.accounts.models import BrokerAccount
from apps.common.rows import row_insert, row_update, rows
from apps.domain import messages, positions
from apps.domain.errors import BadInput, RuleBroken
from apps.domain.ledger import Account, Line, balanced, fill_lines, transfer_lines
from apps.domain.messages import ZERO, PositionChanged, utc
from apps.domain.pnl import Book
from apps.domain.positions import signed
from apps.portfolio.models import Cash, DayStart, EquitySnapshot, FxRate, LedgerEntry, Position
from apps.portfolio.selectors import Marks, book_for, marks_live

_CASH = f"SELECT id, amount FROM {Cash._meta.db_table} WHERE account_id = %s AND currency = %s"  # noqa: S608
_HELD = (
    f"SELECT id, qty, cost, realised, fees FROM {Position._meta.db_table} "  # noqa: S608
    "WHERE account_id = %s AND instrument_id = %s"
)


def account_fund(account: BrokerAccount, at_ns: int) -> None:
    """Book the starting cash, once in the account's life. Call inside a transaction."""
    if rows(_CASH, [account.pk, account.currency]):
        return
    Cash.objects.create(account=account, currency=account.currency, amount=ZERO)
    if account.starting_cash:
        ref = f"opening:{account.pk}"
        ledger_post(account.pk, transfer_lines(ref, Account.CAPITAL, account.starting_cash, account.currency, at_ns))


@transaction.atomic
def cash_transfer(
    *, account: BrokerAccount, ref: str, why: Account, amount: Decimal, currency: str, at_ns: int
) -> bool:
    """Money in (negative: out) for a reason: capital, charges, funding. False when `ref` was booked before.

    Deposits and withdrawals move the start of the days they fall in, so they are no profit or loss.
    """
    if why in (Account.CASH, Account.POSITIONS) or not amount.is_finite() or not amount:
        raise BadInput(f"cannot transfer {amount} {currency} for {why}", field="amount")
    account_fund(account, at_ns)
    if LedgerEntry.objects.filter(account=account, ref=ref).exists():
        return False
    before = book_for(account).equity
    ledger_post(account.pk, transfer_lines(ref, why, amount, currency, at_ns))
    if why is Account.CAPITAL:
        latest = DayStart.objects.filter(account=account).first()
        if latest is not None:
            latest.equity += book_for(account).equity - before
            latest.save(update_fields=["equity"])
    return True


def fill_book(
    account: BrokerAccount, fill: messages.Fill, instrument: messages.Instrument
) -> tuple[PositionChanged, Decimal]:
    """Position, ledger and cash after a fill: (the position, the profit this fill closed, before fees).

    Call inside the transaction that keeps the fill, with the account locked.
    """
    account_fund(account, fill.at_ns)
    key, before = _position(account.pk, fill.instrument)
    after = before.after(signed(fill), fill.price, instrument.multiplier, fill.fee)
    row_update(
        Position,
        key,
        qty=after.qty,
        cost=after.cost,
        realised=after.realised,
        fees=after.fees,
        mark=fill.price,
        fill_id=fill.fill_id,
        changed_ns=fill.at_ns,
    )
    ledger_post(account.pk, fill_lines(before, fill, instrument))
    changed = PositionChanged(
        account_id=account.pk,
        instrument=fill.instrument,
        qty=after.qty,
        avg_price=after.avg_price(instrument.multiplier),
        realised=after.realised,
        at_ns=fill.at_ns,
        fill_id=fill.fill_id,
    )
    return changed, after.realised - before.realised


def _position(account_id: int, instrument: int) -> tuple[int, positions.Position]:
    """(key, what is held) of one position; the first time anything of it is asked for, a flat one is made."""
    found = rows(_HELD, [account_id, instrument])
    if found:
        key, *amounts = found[0]
        return key, positions.Position(*map(Decimal, amounts))
    return Position.objects.create(account_id=account_id, instrument_id=instrument).pk, positions.Position()


def ledger_post(account_id: int, lines: Sequence[Line]) -> None:
    """Append lines that belong together and move the cash they name. Raises RuleBroken when they do not add up."""
    if not balanced(lines):
        raise RuleBroken(f"the lines of {lines[0].ref} do not add up to zero", ref=lines[0].ref)
    now = timezone.now()
    for number, line in enumerate(lines, 1):
        row_insert(
            LedgerEntry,
            account=account_id,
            ref=line.ref,
            line=number,
            ledger_account=line.account,
            currency=line.currency,
            amount=line.amount,
            instrument=line.instrument,
            at_ns=line.at_ns,
            created_at=now,
        )
    for currency, change in _cash_changes(lines).items():
        _cash_move(account_id, currency, change)


def _cash_changes(lines: Iterable[Line]) -> dict[str, Decimal]:
    changes: defaultdict[str, Decimal] = defaultdict(lambda: ZERO)
    for line in lines:
        if line.account is Account.CASH:
            changes[line.currency] += line.amount
    return {currency: change for currency, change in changes.items() if change}


def _cash_move(account_id: int, currency: str, change: Decimal) -> None:
    """Read, add, write: the sum is ours to make (see ExactDecimalField); the account's lock makes it safe."""
    found = rows(_CASH, [account_id, currency])
    if not found:
        row_insert(Cash, account=account_id, currency=currency, amount=change)
        return
    key, amount = found[0]
    row_update(Cash, key, amount=Decimal(amount) + change)


def day_begin(account_id: int, book: Book, day: date) -> None:
    """Remember the equity a trading day begins with, the first time anything of the day is asked for."""
    if not book.day_begun:
        DayStart.objects.create(account_id=account_id, day=day, equity=book.equity)
        book.day_start()


def equity_snapshot(account: BrokerAccount, at_ns: int, marks: Marks = marks_live) -> EquitySnapshot:
    """Add a point to the account's curve at venue time `at_ns`; again at the same time overwrites it."""
    book = book_for(account, marks=marks)
    point, _ = EquitySnapshot.objects.update_or_create(
        account=account,
        at=utc(at_ns),
        defaults={
            "equity": book.equity,
            "cash": book.cash,
            "unrealised": book.unrealised,
            "realised": book.realised,
            "fees": book.fees,
        },
    )
    return point


def rate_set(*, currency: str, into: str, rate: Decimal) -> FxRate:
    """What one unit of `currency` is worth in `into` from now on."""
    if currency == into or not rate.is_finite() or rate <= 0:
        raise BadInput(f"1 {currency} cannot be {rate} {into}", field="rate")
    row, _ = FxRate.objects.update_or_create(currency=currency, into=into, defaults={"rate": rate})
    return row
