"""What the door has to know about one wish, gathered in a handful of queries, however much the account holds."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.conf import settings

from apps.accounts.models import AccountMode, BrokerAccount
from apps.common.rows import rows
from apps.domain.errors import NotFound
from apps.domain.messages import ZERO, Instrument, Mode, OrderIntent, OrderType, Side, utc
from apps.domain.pnl import Book
from apps.domain.risk import SAFE, SECOND, Recent, RiskLimits, RiskView
from apps.domain.sessions import Calendar, calendar_get
from apps.instruments.selectors import instruments_for_domain
from apps.marketdata.quotes import board
from apps.orders.models import Order
from apps.portfolio.selectors import book_for
from apps.portfolio.services import day_begin
from apps.risk.selectors import limits_for, state_for
from apps.strategies.models import StrategyRun

_RELOAD_S = 30


class Instruments:
    """All instruments by number, kept in memory: dropped when a row changes here, read anew every half minute."""

    def __init__(self) -> None:
        self._known: dict[int, Instrument] = {}
        self._until = 0.0
        self._lock = threading.Lock()

    def all(self) -> Mapping[int, Instrument]:
        with self._lock:
            if time.monotonic() > self._until:
                self._known = {instrument.number: instrument for instrument in instruments_for_domain()}
                self._until = time.monotonic() + _RELOAD_S
            return self._known

    def forget(self, **_: object) -> None:
        self._until = 0.0


instruments = Instruments()


def limits_base() -> RiskLimits:
    """The installation's limits as its settings have them."""
    return RiskLimits(
        **{name: getattr(SAFE, name) for name in SAFE.__slots__}
        | {
            "max_orders_per_s": settings.RISK_ORDERS_PER_SECOND,
            "max_tick_age_s": Decimal(str(settings.RISK_STALE_AFTER_S)),
        }
    )


@dataclass(frozen=True, slots=True)
class Trader:
    """As much of an account as the door asks about."""

    pk: int
    owner_id: int
    currency: str
    starting_cash: Decimal
    live: bool  # in live mode, and its own switch is on
    mode: Mode


@dataclass(frozen=True, slots=True)
class Running:
    """As much of a strategy's run as the door asks about."""

    pk: int
    mode: Mode
    sizing: str


@dataclass(frozen=True, slots=True)
class Desk:
    """One account in front of the door, about to trade one instrument."""

    account: Trader
    run: Running | None
    instrument: Instrument
    calendar: Calendar
    book: Book
    mode: Mode


def account_trader(account: BrokerAccount) -> Trader:
    live = account.mode == AccountMode.LIVE and account.live_enabled
    return Trader(account.pk, account.owner_id, account.currency, account.starting_cash, live, Mode(account.mode))


_RUN = (
    "SELECT r.mode, r.sizing, a.owner_id, a.currency, a.starting_cash, a.mode, a.live_enabled "  # noqa: S608
    f"FROM {StrategyRun._meta.db_table} r JOIN {BrokerAccount._meta.db_table} a ON a.id = r.account_id "
    "WHERE r.id = %s AND a.id = %s"
)


def run_trader(run_id: int, account_id: int) -> tuple[Trader, Running]:
    """A run and its account. Raises NotFound where the run is not on that account."""
    found = rows(_RUN, [run_id, account_id])
    if not found:
        raise NotFound(f"no run {run_id} on account {account_id}", run_id=run_id)
    run_mode, sizing, owner_id, currency, cash, mode, live = found[0]
    live = mode == AccountMode.LIVE and bool(live)
    trader = Trader(account_id, owner_id, currency, Decimal(str(cash)), live, Mode(mode))
    return trader, Running(run_id, Mode(run_mode), sizing)


def desk_for(account: Trader, instrument: Instrument, at_ns: int, mark: Decimal, run: Running | None = None) -> Desk:
    """The account's book, its day begun, marked at the last prices and `mark`. Call inside a transaction."""
    calendar = calendar_get(instrument.calendar)
    day = trading_day(calendar, at_ns)
    book = book_for(account, instruments=instruments.all(), day=day, currencies={instrument.currency})
    day_begin(account.pk, book, day)
    book.mark(instrument.number, mark)
    return Desk(account, run, instrument, calendar, book, (account if run is None else run).mode)


def trading_day(calendar: Calendar, at_ns: int) -> date:
    """The trading day of that moment; between sessions the UTC date."""
    session = calendar.session_at(at_ns)
    return utc(at_ns).date() if session is None else session.trading_day


def view_for(desk: Desk, intent: OrderIntent, now_ns: int) -> RiskView:
    """Everything the rules compare. `now_ns`: wall time, by which the age of the last tick is told."""
    account, run, number = desk.account, desk.run, desk.instrument.number
    limits = limits_for(
        user_id=account.owner_id,
        account_id=account.pk,
        instrument=number,
        run_id=run and run.pk,
        base=limits_base(),
    )
    open_orders, working_qty = _working(account.pk, number, intent.side)
    return RiskView(
        instrument=desk.instrument,
        limits=limits,
        exchange=desk.calendar.name,
        position_qty=desk.book.qty(number),
        working_qty=working_qty,
        rate=desk.book.rate(desk.instrument.currency),
        day_pnl=desk.book.day_pnl,
        day_start_equity=desk.book.day_start_equity,
        open_orders=open_orders,
        last_tick_ns=_last_tick(desk, intent, now_ns),
        recent=_recent(account.pk, intent.at_ns, limits),
        is_open=desk.calendar.is_open,
        state=state_for(user_id=account.owner_id, account_id=account.pk),
        live_installation=settings.LIVE_TRADING,
        live_account=account.live,
        live_run=run is None or run.mode is Mode.LIVE,
    )


def _last_tick(desk: Desk, intent: OrderIntent, now_ns: int) -> int | None:
    """Venue time less the age of the last price heard of. A strategy's wish was itself made by a tick."""
    quote = board.get(desk.instrument.number)
    if quote is not None:
        return intent.at_ns - max(now_ns - quote.seen_ns, 0)
    return None if desk.run is None else intent.at_ns


_ORDERS = Order._meta.db_table
_WORKING = (
    f"SELECT instrument_id, side, exit, ordered_qty, filled_qty FROM {_ORDERS} "  # noqa: S608
    "WHERE is_working = TRUE AND account_id = %s"
)
_RECENT = (
    "SELECT decided_ns, instrument_id, side, ordered_qty, order_type, coalesce(limit_price, trigger_price) "  # noqa: S608
    f"FROM {_ORDERS} WHERE account_id = %s AND decided_ns > %s AND decided_ns <= %s AND status <> 'denied'"
)


def _working(account_id: int, instrument: int, side: Side) -> tuple[int, Decimal]:
    """(working orders of the account, units of them on this side of the instrument that are no exits)."""
    units, count = ZERO, 0
    for number, on_side, leaving, qty, filled in rows(_WORKING, [account_id]):
        count += 1
        if number == instrument and on_side == side and not leaving:
            units += Decimal(qty) - Decimal(filled)
    return count, units


def _recent(account_id: int, at_ns: int, limits: RiskLimits) -> list[Recent]:
    """Orders the door let through in the longest window any limit looks at."""
    window = max(SECOND, int((limits.duplicate_window_s or 0) * SECOND))
    known = instruments.all()
    return [
        Recent(decided, known[number].calendar, number, Side(side), Decimal(qty), OrderType(kind), _price(price))
        for decided, number, side, qty, kind, price in rows(_RECENT, [account_id, at_ns - window, at_ns])
        if number in known
    ]


def _price(text: str | Decimal | None) -> Decimal | None:
    return None if text is None else Decimal(text)
