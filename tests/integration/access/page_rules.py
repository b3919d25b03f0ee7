"""Who may do what on pages, health and hooks: every address has a rule here, or the tests fail.

The things asked for are those of `Open`: `trader` owns them, `investor` was granted the account;
`stranger` (a trader) and `outsider` (an investor) have nothing of theirs in sight.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.integration.api.market import Open

Make = Callable[[Open], Any]
LOGIN = 302  # to the page where one signs in, and nowhere else


@dataclass(frozen=True)
class Rule:
    """What each actor is answered. `args`: whose things are asked for; `missing`: the same of what is not there."""

    admin: int
    trader: int
    stranger: int
    investor: int
    outsider: int
    anonymous: int = LOGIN
    method: str = "get"
    args: Make = lambda market: []
    data: Make = lambda market: {}
    missing: tuple[Any, ...] = ()


def everybody(status: int = 200, **more: Any) -> Rule:
    """Whoever is signed in; what is shown is their own."""
    return Rule(status, status, status, status, status, **more)


def anybody(status: int = 200, **more: Any) -> Rule:
    return Rule(status, status, status, status, status, anonymous=status, **more)


def seen(args: Make, missing: tuple[Any, ...] = (987654,), **more: Any) -> Rule:
    """The owner's, an admin's, and read-only the investor's it was granted to."""
    return Rule(200, 200, 404, 200, 404, args=args, missing=missing, **more)


def owned(status: int = 200, args: Make = lambda market: [], **more: Any) -> Rule:
    """The owner's and an admin's; to all others it is not there."""
    return Rule(status, status, 404, 404, 404, args=args, **more)


def changed(args: Make, **more: Any) -> Rule:
    return owned(302, args, method="post", missing=(987654,), **more)


def traders(status: int = 200, **more: Any) -> Rule:
    return Rule(status, status, status, 404, 404, **more)


def number(market: Open) -> list[Any]:
    return [market.instrument.number]


def order(market: Open) -> list[Any]:
    return [market.order.pk]


def run(market: Open) -> list[Any]:
    return [market.run.pk]


def hook(market: Open) -> list[Any]:
    return [market.hook.pk]


def delivery(market: Open) -> list[Any]:
    return [market.delivery.pk]


def the_account(market: Open) -> dict[str, Any]:
    return {"account": market.account.pk, "next": "/"}


def the_instrument(market: Open) -> dict[str, Any]:
    return {"instrument": market.instrument.number}


def the_switch(market: Open) -> dict[str, Any]:
    return {"scope": "account", "scope_id": market.account.pk, "reason": "test"}


def a_ticket(market: Open) -> dict[str, Any]:
    return {"side": "buy", "order_type": "market", "qty": "1", "validity": "day", "key": "access-test"}


PAGES: dict[str, Rule] = {
    # doors without a login
    "health-live": anybody(),
    "health-ready": anybody(503),  # no stages in a test
    "login": Rule(302, 302, 302, 302, 302, anonymous=200),
    "logout": anybody(302, method="post"),
    "webhooks:door": anybody(404, method="post", args=lambda market: ["000000000000", "nothing"]),
    "accounts:code": anybody(302),  # nobody is half signed in
    "accounts:register": anybody(403),  # closed, unless the installation says otherwise,
    "accounts:join": anybody(404, args=lambda market: ["nothing"]),
    "accounts:reset": anybody(),
    "accounts:reset-confirm": anybody(args=lambda market: ["MQ", "nothing"]),  # a page that says the link is spent
    # one's own account (200 of a post: its form again, with what is wrong)
    "accounts:profile": everybody(),
    "accounts:security": everybody(),
    "accounts:password": everybody(method="post"),
    "accounts:factor": everybody(),
    "accounts:factor-off": everybody(method="post"),
    "accounts:codes": everybody(method="post"),
    "accounts:sessions-end": everybody(302, method="post"),
    "accounts:session-end": everybody(404, method="post", args=lambda market: ["nothing"]),
    "accounts:keys": everybody(),
    "accounts:key-revoke": owned(302, lambda market: [market.key.pk], method="post", missing=(987654,)),
    # what everybody sees of their own
    # (400 and 404 of panels: who has no account to look at)
    "dashboard:overview": everybody(),
    "dashboard:panel": Rule(200, 200, 404, 200, 404, args=lambda market: ["positions"]),
    "dashboard:curve": everybody(),
    "dashboard:account-choose": Rule(302, 302, 404, 302, 404, method="post", data=the_account),
    "dashboard:market": everybody(),
    "dashboard:market-search": everybody(),
    "dashboard:market-add": everybody(method="post", data=the_instrument),
    "dashboard:market-remove": everybody(method="post", data=the_instrument),
    "dashboard:chart-indicators": everybody(),
    "dashboard:chart-history": everybody(args=number),
    "dashboard:chart-fills": Rule(200, 200, 400, 200, 400, args=number),
    "dashboard:instrument": everybody(args=lambda market: [market.instrument.symbol]),
    "dashboard:orders": everybody(),
    "dashboard:positions": everybody(),
    "dashboard:strategies": everybody(),
    "dashboard:risk": everybody(),
    "dashboard:system": everybody(),
    # things of one owner
    "dashboard:order": seen(order),
    "dashboard:run": seen(run),
    "dashboard:ticket": owned(args=number),
    "dashboard:ticket-send": owned(args=number, method="post", data=a_ticket),
    "dashboard:order-cancel": changed(order),
    "dashboard:strategy-choose": owned(),
    "dashboard:strategy-new": owned(args=lambda market: ["ema_cross"]),
    "dashboard:run-start": changed(run),
    "dashboard:run-stop": changed(run),
    "dashboard:kill-pull": owned(302, method="post", data=the_switch),
    "dashboard:kill-rearm": owned(302, method="post", data=the_switch),
    # webhooks
    "webhooks:hooks": traders(),
    "webhooks:new": traders(),
    "webhooks:hook": owned(args=hook, missing=(987654,)),
    "webhooks:rotate": owned(args=hook, method="post", missing=(987654,)),
    "webhooks:switch": changed(hook),
    "webhooks:delivery": owned(args=delivery, missing=(987654,)),
    "webhooks:replay": changed(delivery),
    # for those who build
    "dashboard:gallery": Rule(200, 404, 404, 404, 404),
}
