"""The facts around every page: where one can go, which account is looked at, how the market stands."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from django.http import HttpRequest
from django.urls import reverse

from apps.accounts.models import BrokerAccount, User
from apps.accounts.selectors import account_list

ACCOUNT_KEY: Final = "account_id"  # in the session: the account whose figures are shown


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
class Badge:
    name: str
    text: str
    tone: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class Kill:
    """`whose`: the words for whose orders it stops."""

    scope: str
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
    session: Badge | None
    source: Source | None
    kill: Kill | None

    @property
    def nav_short(self) -> list[NavItem]:
        """The four that fit beside "More" at the foot of a phone."""
        return [item for item in self.nav if item.icon in {"overview", "market", "positions", "strategies"}]

    @property
    def nav_more(self) -> list[NavItem]:
        return [item for item in self.nav if item not in self.nav_short]


_PLACES: Final = (
    ("Overview", "overview"),
    ("Market", "market"),
    ("Orders", "orders"),
    ("Positions", "positions"),
    ("Strategies", "strategies"),
    ("Risk", "risk"),
    ("System", "system"),
)


def frame_get(request: HttpRequest) -> Frame:
    user = request.user
    accounts = list(account_list(actor=user)) if user.is_authenticated else []
    account = account_chosen(request, accounts)
    return Frame(
        nav=_nav(request.path),
        accounts=accounts,
        account=account,
        may_trade=account is not None and account_may_trade(user, account),
        equity=None,
        pnl_today=None,
        session=None,
        source=None,
        kill=None,
    )


def account_chosen(request: HttpRequest, accounts: list[BrokerAccount] | None = None) -> BrokerAccount | None:
    """The account the user chose to look at, else the first of their own, else the first they may see."""
    if accounts is None:
        accounts = list(account_list(actor=request.user))
    wanted = request.session.get(ACCOUNT_KEY)
    own = [account for account in accounts if account.owner_id == request.user.pk]
    return next((account for account in accounts if account.pk == wanted), (own or accounts or [None])[0])


def account_may_trade(user: User, account: BrokerAccount) -> bool:
    """Whether tickets and buttons are shown; the services check again."""
    return user.may_trade and account.is_active and (user.is_admin or account.owner_id == user.pk)


def _nav(path: str) -> list[NavItem]:
    items = []
    for label, name in _PLACES:
        url = reverse(f"dashboard:{name}")
        current = path == url if url == "/" else path.startswith(url)
        items.append(NavItem(label, name, url, current))
    return items
