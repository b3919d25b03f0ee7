"""Who may do what, written down once: every operation of every door has a rule here, or the tests fail.

A rule says, per actor, what the door answers. The things asked for are those of `Open`: `trader` owns
them, `investor` was granted the account, `stranger` and `outsider` have nothing of theirs in sight.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.utils import timezone

from tests.integration.api.market import Open

ACTORS = ("anonymous", "admin", "trader", "stranger", "investor", "outsider")
Make = Callable[[Open], dict[str, Any]]


@dataclass(frozen=True)
class Rule:
    """What each actor is answered. `path`, `body`: whose things are asked for; `headers`: what else goes along.

    `mine`: lists only, what the trader's answer has to hold and a stranger's must not: ids of rows.
    """

    admin: int
    trader: int
    stranger: int
    investor: int
    outsider: int
    anonymous: int = 401
    path: Make = lambda market: {}
    body: Make | None = None
    headers: dict[str, str] = field(default_factory=dict)
    mine: Callable[[Open], int] | None = None


def everybody(**more: Any) -> Rule:
    return Rule(200, 200, 200, 200, 200, **more)


def anybody(status: int = 200, **more: Any) -> Rule:
    return Rule(status, status, status, status, status, anonymous=status, **more)


def seen(path: Make, **more: Any) -> Rule:
    """The owner's, the investor's it was granted to, and every admin's."""
    return Rule(200, 200, 404, 200, 404, path=path, **more)


def traded(status: int, path: Make = lambda market: {}, *, stranger: int = 404, **more: Any) -> Rule:
    """For traders, each on their own; looks closed to investors, whatever they were granted."""
    return Rule(status, status, stranger, 403, 403, path=path, **more)


def listed(mine: Callable[[Open], int]) -> Rule:
    """Everybody gets an answer; what is in it is their own."""
    return everybody(mine=mine)


def of_account(market: Open) -> dict[str, Any]:
    return {"account_id": market.account.pk}


def of_run(market: Open) -> dict[str, Any]:
    return {"run_id": market.run.pk}


def of_order(market: Open) -> dict[str, Any]:
    return {"order_id": market.order.pk}


def of_number(market: Open) -> dict[str, Any]:
    return {"number": market.instrument.number}


def the_switch(market: Open) -> dict[str, Any]:
    return {"scope": "account", "scope_id": market.account.pk}


def a_key(market: Open) -> dict[str, Any]:
    return {"name": "bot", "scopes": ["orders:read"], "expires_at": timezone.now() + timedelta(days=1)}


def an_order(market: Open) -> dict[str, Any]:
    return {"account": market.account.pk, "instrument": market.instrument.number, "side": "buy", "qty": "1"}


def a_run(market: Open) -> dict[str, Any]:
    shape = {"name": "new", "strategy": "ema_cross", "timeframe": "1m"}
    return shape | {"account": market.account.pk, "instruments": [market.instrument.number]}


KEY = {"Idempotency-Key": "access-test-1"}
ANY_VERSION = {"If-Match": "*"}
NO_LOGIN = {"username": "nobody", "password": "nothing"}

API: dict[str, Rule] = {
    "health_get": anybody(),
    "problems_list": anybody(),
    "problems_get": anybody(path=lambda market: {"code": "not_found"}),
    "tokens_create": anybody(401, body=lambda market: NO_LOGIN),
    "tokens_refresh": anybody(401, body=lambda market: {"refresh": "nonsense"}),
    "tokens_revoke": anybody(204, body=lambda market: {"refresh": "nonsense"}),
    "me_get": everybody(),
    "me_edit": everybody(body=lambda market: {"theme": "dark"}),
    "keys_list": listed(lambda market: market.key.pk),
    "keys_create": Rule(201, 201, 201, 201, 201, body=a_key),
    "keys_revoke": Rule(204, 204, 404, 404, 404, path=lambda market: {"key_id": market.key.pk}),
    "accounts_list": listed(lambda market: market.account.pk),
    "accounts_open": Rule(
        201, 201, 201, 403, 403, body=lambda market: {"name": "mine", "currency": "USD", "starting_cash": "5"}
    ),
    "accounts_get": seen(of_account),
    "accounts_summary": seen(of_account),
    "accounts_equity": seen(of_account),
    "accounts_ledger": seen(of_account),
    "grants_list": listed(lambda market: market.grant.pk),
    "grants_create": traded(
        201, body=lambda market: {"account": market.account.pk, "investor": market.outsider.username}
    ),
    "grants_delete": traded(204, lambda market: {"grant_id": market.grant.pk}),
    "instruments_list": everybody(),
    "instruments_get": everybody(path=of_number),
    "venues_list": everybody(),
    "candles_get": everybody(path=of_number),
    "quotes_list": everybody(),
    "indicators_list": everybody(),
    "strategies_list": everybody(),
    "runs_list": listed(lambda market: market.run.pk),
    "runs_create": traded(201, body=a_run, headers=KEY),
    "runs_get": seen(of_run),
    "runs_edit": traded(200, of_run, body=lambda market: {"name": "renamed"}, headers=ANY_VERSION),
    "runs_start": traded(202, of_run),
    "runs_stop": traded(202, lambda market: {"run_id": market.running.pk}),
    "signals_list": listed(lambda market: market.signal.pk),
    "orders_list": listed(lambda market: market.order.pk),
    "orders_place": traded(201, body=an_order, headers=KEY),
    "orders_get": seen(of_order),
    "orders_events": seen(of_order),
    "orders_cancel": traded(202, of_order),
    "fills_list": listed(lambda market: market.fill.pk),
    "positions_list": listed(lambda market: market.position.pk),
    "limits_list": everybody(),
    "limits_get": seen(lambda market: the_switch(market)),
    "limits_edit": Rule(
        200, 403, 403, 403, 403, path=the_switch, body=lambda market: {"max_open_orders": 3}, headers=ANY_VERSION
    ),
    "decisions_list": listed(lambda market: market.decision.pk),
    "kill_switches_list": listed(lambda market: market.switch.pk),
    "kill_switches_left": seen(lambda market: {"switch_id": market.switch.pk}),
    "kill_switch_pull": traded(200, body=the_switch),
    "kill_switch_rearm": traded(200, body=the_switch),
}
