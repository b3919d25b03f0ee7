"""The hub's questions answered by the selectors of the apps, each in the name of the user who asks."""

from __future__ import annotations

import time
from typing import Any, Final

from channels.db import database_sync_to_async

from apps.accounts.models import User
from apps.accounts.selectors import account_get
from apps.dashboard.live.credentials import Credentials
from apps.dashboard.live.facts import (
    account_fact,
    decision_fact,
    equity_fact,
    fill_fact,
    holding_fact,
    market_fact,
    order_fact,
    run_fact,
    switch_fact,
)
from apps.dashboard.live.sources import Reading
from apps.domain.errors import NotFound
from apps.domain.indicators.registry import parse
from apps.domain.sessions import calendar_get
from apps.instruments.selectors import instrument_by_symbol, instrument_list, watchlist_list
from apps.marketdata.quotes import board
from apps.orders.selectors import fill_list, order_list
from apps.portfolio.selectors import account_summary
from apps.risk.selectors import decision_list, decision_newest, switch_list
from apps.strategies.selectors import run_list

NEWEST: Final = 200  # orders and fills in a snapshot
NEWEST_DECISIONS: Final = 50
LOOKED_THROUGH: Final = 2_000  # decisions of the whole installation among which refusals are looked for


class DatabaseSources(Credentials):
    """`Sources` over the database. Queries run in Channels' own thread, never on the loop."""

    @database_sync_to_async
    def instrument(self, user: User, symbol: str) -> int:
        return instrument_by_symbol(symbol).number

    @database_sync_to_async
    def watchlist(self, user: User) -> list[int]:
        """All the user's lists together."""
        return [entry.instrument_id for each in watchlist_list(actor=user) for entry in each.entries.all()]

    @database_sync_to_async
    def chart_instrument(self, user: User, symbol: str, indicators: tuple[str, ...]) -> int:
        for text in indicators:
            parse(text)
        return instrument_by_symbol(symbol).number

    @database_sync_to_async
    def snapshot(self, user: User, channel: str) -> dict[str, Any]:
        kind, _, number = channel.partition(":")
        if kind == "account":
            return _account(user, int(number))
        if kind == "runs":
            return {"runs": [run_fact(run) for run in run_list(actor=user)]}
        if kind == "alerts":
            return {"refused": _refusals(user), "kill": _switches(user)}
        if kind == "status":
            return {"kill": _switches(user), "market": _markets()}
        raise NotFound(f"there is no channel {channel}", channel=channel)

    @database_sync_to_async
    def readings(self, user: User, channel: str) -> list[Reading]:
        kind, _, number = channel.partition(":")
        if kind == "account":
            equity = equity_fact(account_summary(actor=user, account_id=int(number)))
            decisions = decision_list(actor=user, account_id=int(number))[:NEWEST_DECISIONS]
            told = [Reading(each.client_order_id, "risk", decision_fact(each)) for each in reversed(decisions)]
            return [Reading("equity", "equity", equity), *told]
        if kind == "runs":
            return [Reading(str(run.pk), "run", run_fact(run)) for run in run_list(actor=user)]
        if kind == "alerts":
            refused = [Reading(each["client_order_id"], "refused", each) for each in reversed(_refusals(user))]
            return [*refused, Reading("kill", "kill", _switches(user))]
        return [Reading("kill", "kill", _switches(user)), Reading("market", "market", _markets())]

    @database_sync_to_async
    def account_open(self, user: User, account_id: int) -> None:
        account_get(actor=user, account_id=account_id)


def _account(user: User, account_id: int) -> dict[str, Any]:
    summary = account_summary(actor=user, account_id=account_id)
    newest = {"actor": user, "account_id": account_id}
    return {
        "account": account_fact(summary.account),
        "orders": [order_fact(order) for order in order_list(**newest)[:NEWEST]],
        "fills": [fill_fact(fill) for fill in fill_list(**newest)[:NEWEST]],
        "positions": [holding_fact(holding) for holding in summary.holdings],
        "risk": [decision_fact(decision) for decision in decision_list(**newest)[:NEWEST_DECISIONS]],
        "equity": equity_fact(summary),
    }


def _refusals(user: User) -> list[dict[str, Any]]:
    """The newest first. Bounded by the key, so that looking costs the same however much was ever decided."""
    recent = decision_list(actor=user).filter(pk__gt=decision_newest() - LOOKED_THROUGH, allowed=False)
    return [decision_fact(decision) for decision in recent[:NEWEST_DECISIONS]]


def _switches(user: User) -> list[dict[str, Any]]:
    return [switch_fact(switch) for switch in switch_list(actor=user)]


def _markets() -> list[dict[str, Any]]:
    """The market clock of every calendar in use, by the newest event time: a recording has a clock of its own."""
    heard = board.rows()
    now = int(heard["event_ns"].max()) if len(heard) else time.time_ns()
    names = sorted({instrument.hours for instrument in instrument_list()})
    return [market_fact(name, calendar_get(name).state(now)) for name in names]
