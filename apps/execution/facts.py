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
from apps.domain.messages import ZERO, Instrument, Mode, OrderIntent, OrderType, Side, utc
from apps.domain.pnl import Book
from apps.domain.risk import SAFE, SECOND, Recent, RiskLimits, RiskView
from apps.domain.sessions import Calendar, calendar_get
from apps.instruments.selectors import instruments_for_domain
from apps.marketdata.quotes import board
from apps.orders.models import Order
from apps.portfolio.selectors import book_for
from apps.portfolio.services import day_start
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
class Desk:
    """One account in front of the door, about to trade one instrument."""

    account: BrokerAccount
    run: StrategyRun | None
    instrument: Instrument
    calendar: Calendar
    book: Book
    mode: Mode


def desk_for(
    account: BrokerAccount, instrument: Instrument, at_ns: int, mark: Decimal, run: StrategyRun | None = None
) -> Desk:
    """The account's book, marked at the last prices and `mark`, its day begun. Call inside a transaction."""
    calendar = calendar_get(instrument.calendar)
    day = trading_day(calendar, at_ns)
    book = book_for(account, instruments=instruments.all(), day=day)
    book.mark(instrument.number, mark)
    day_start(account.pk, book, day)
    live = (account if run is None else run).mode == AccountMode.LIVE
    return Desk(account, run, instrument, calendar, book, Mode.LIVE if live else Mode.DRY_RUN)


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
        live_account=account.live_enabled and account.mode == AccountMode.LIVE,
        live_run=run is None or run.mode == AccountMode.LIVE,
    )


def _last_tick(desk: Desk, intent: OrderIntent, now_ns: int) -> int | None:
    """Venue time less the age of the last price heard of. A strategy's wish was itself made by a tick."""
    quote = board.get(desk.instrument.number)
    if quote is not None:
        return intent.at_ns - max(now_ns - quote.seen_ns, 0)
    return None if desk.run is None else intent.at_ns


def _working(account_id: int, instrument: int, side: Side) -> tuple[int, Decimal]:
    """(working orders of the account, units of them on this side of the instrument that are no exits)."""
    rows = Order.objects.filter(account_id=account_id, is_working=True).values_list(
        "instrument_id", "side", "exit", "qty", "filled_qty"
    )
    units, count = ZERO, 0
    for number, on_side, leaving, qty, filled in rows:
        count += 1
        if number == instrument and on_side == side and not leaving:
            units += qty - filled
    return count, units


def _recent(account_id: int, at_ns: int, limits: RiskLimits) -> list[Recent]:
    """Orders the door let through in the longest window any limit looks at."""
    window = max(SECOND, int((limits.duplicate_window_s or 0) * SECOND))
    rows = (
        Order.objects.filter(account_id=account_id, decided_ns__gt=at_ns - window, decided_ns__lte=at_ns)
        .exclude(status="denied")
        .values_list("decided_ns", "instrument_id", "side", "qty", "order_type", "limit_price", "trigger_price")
    )
    known = instruments.all()
    return [
        Recent(decided, known[number].calendar, number, Side(side), qty, OrderType(kind), limit or trigger)
        for decided, number, side, qty, kind, limit, trigger in rows
        if number in known
    ]
