"""The facts around every page: where one can go, which account is looked at, how the market stands."""

from __future__ import annotations

import time
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Final

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from apps.accounts.models import BrokerAccount, User
from apps.accounts.selectors import account_list
from apps.domain.risk import TradingState
from apps.domain.sessions import MarketState, calendar_get
from apps.execution.services import venue_now
from apps.instruments.models import Instrument
from apps.instruments.selectors import instrument_list, watchlist_list
from apps.portfolio.selectors import account_summary
from apps.risk.models import Scope
from apps.risk.selectors import state_for

ACCOUNT_KEY: Final = "account_id"  # in the session: the account whose figures are shown
_PLACES: Final = (
    ("Overview", "overview"),
    ("Market", "market"),
    ("Orders", "orders"),
    ("Positions", "positions"),
    ("Strategies", "strategies"),
    ("Risk", "risk"),
    ("System", "system"),
)
_SHORT: Final = {"overview", "market", "positions", "strategies"}  # beside "More" at the foot of a phone


@dataclass(frozen=True, slots=True)
class NavItem:
    label: str
    icon: str
    url: str
    current: bool


@dataclass(frozen=True, slots=True)
class Source:
    """Where prices come from when it is not the market itself."""

    word: str
    text: str


@dataclass(frozen=True, slots=True)
class SessionBadge:
    venue: str
    calendar: str
    text: str
    tone: str
    title: str


@dataclass(frozen=True, slots=True)
class Kill:
    """`whose`: the words for whose orders it stops."""

    scope: str
    scope_id: int
    whose: str
    halted: bool


@dataclass(frozen=True, slots=True)
class Frame:
    nav: list[NavItem]
    accounts: list[BrokerAccount]
    account: BrokerAccount | None
    may_trade: bool
    equity: Decimal | None
    pnl_today: Decimal | None
    session: SessionBadge | None
    source: Source | None
    kill: Kill | None

    @property
    def nav_short(self) -> list[NavItem]:
        return [item for item in self.nav if item.icon in _SHORT]

    @property
    def nav_more(self) -> list[NavItem]:
        return [item for item in self.nav if item.icon not in _SHORT]


def frame_get(request: HttpRequest) -> Frame:
    user = request.user
    accounts = list(account_list(actor=user)) if user.is_authenticated else []
    account = account_chosen(request, accounts)
    summary = account_summary(actor=user, account_id=account.pk) if account else None
    may_trade = account is not None and account_may_trade(user, account)
    return Frame(
        nav=_nav(request.path),
        accounts=accounts,
        account=account,
        may_trade=may_trade,
        equity=summary and summary.equity,
        pnl_today=summary and summary.day_pnl,
        session=_session(user) if user.is_authenticated else None,
        source=source_get(),
        kill=_kill(user, account) if may_trade and account else None,
    )


def account_chosen(request: HttpRequest, accounts: list[BrokerAccount] | None = None) -> BrokerAccount | None:
    """The account the user chose to look at, else the first of their own, else the first they may see."""
    if accounts is None:
        accounts = list(account_list(actor=request.user))
    wanted = request.session.get(ACCOUNT_KEY)
    own = [account for account in accounts if account.owner_id == request.user.pk]
    return next((account for account in accounts if account.pk == wanted), next(iter(own or accounts), None))


def account_may_trade(user: User, account: BrokerAccount) -> bool:
    """Whether tickets and buttons are shown; the services check again."""
    return user.may_trade and account.is_active and (user.is_admin or account.owner_id == user.pk)


def source_get() -> Source:
    """What the ribbon says. Every feed there is so far is a recording or made up."""
    speed = f"{settings.MARKET_DATA_SPEED:g} × speed"
    if settings.MARKET_DATA_FILE:
        return Source("Replayed data", f"{Path(settings.MARKET_DATA_FILE).name} · {speed}")
    return Source("Synthetic market", f"seed {settings.SYNTHETIC_SEED} · {speed} · no real prices")


def session_badge(instrument: Instrument) -> SessionBadge:
    """The state of the instrument's venue by the clock of its own ticks, and when it changes next."""
    _, now_ns = venue_now(instrument.number, time.time_ns())
    state, changes_ns = calendar_get(instrument.hours).state(now_ns)
    word = {MarketState.OPEN: "open", MarketState.BREAK: "break", MarketState.CLOSED: "closed"}[state]
    tone = {MarketState.OPEN: "good", MarketState.BREAK: "warn", MarketState.CLOSED: ""}[state]
    verb = "closes" if state is MarketState.OPEN else "opens"
    told = f"{verb} in {span_words((changes_ns - now_ns) / 1e9)}" if changes_ns else "no session is known to come"
    venue = instrument.venue.code
    return SessionBadge(venue, instrument.hours, f"{venue} {word}", tone, f"{venue} {word}, {told}")


def span_words(seconds: float) -> str:
    minutes = int(seconds // 60)
    if minutes >= 2880:
        return f"{minutes // 1440} days"
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"


def _session(user: User) -> SessionBadge | None:
    """Of the first instrument on the user's list: that is the market they look at."""
    watchlist = watchlist_list(actor=user).first()
    entry = next(iter(watchlist.entries.all()), None) if watchlist else None
    instrument = entry.instrument if entry else instrument_list().first()
    return session_badge(instrument) if instrument else None


def _kill(user: User, account: BrokerAccount) -> Kill:
    halted = state_for(user_id=account.owner_id, account_id=account.pk) is TradingState.HALTED
    return Kill(Scope.USER, user.pk, "on all your accounts", halted)


def _nav(path: str) -> list[NavItem]:
    items = []
    for label, name in _PLACES:
        url = reverse(f"dashboard:{name}")
        current = path == url if url == "/" else path.startswith(url)
        items.append(NavItem(label, name, url, current or (name == "market" and path.startswith("/instruments/"))))
    return items
