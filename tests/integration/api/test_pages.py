"""Lists page by page: nothing twice, nothing missed, and the same few queries however long they are."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from apps.accounts.services import account_grant
from apps.domain.ledger import Account
from apps.orders.models import Fill, Order
from apps.portfolio.models import EquitySnapshot, LedgerEntry, Position
from apps.risk.models import KillSwitch, RiskDecision, RiskLimit, Scope
from apps.strategies.models import SignalRow
from tests import builders
from tests.integration.api.market import START, Open

ORDERS = "/api/v1/orders"


def orders(market: Open, count: int) -> None:
    facts: dict[str, Any] = {
        field.attname: getattr(market.filled, field.attname) for field in Order._meta.concrete_fields
    }
    facts.pop("id")
    stem = f"bulk{Order.objects.count()}"
    Order.objects.bulk_create(Order(**facts | {"client_order_id": f"{stem}-{n}"}) for n in range(count))


def fills(market: Open, count: int) -> None:
    one = Fill.objects.first()
    assert one is not None
    facts = {field.attname: getattr(one, field.attname) for field in Fill._meta.concrete_fields} | {"id": None}
    stem = f"bulk{Fill.objects.count()}"
    Fill.objects.bulk_create(Fill(**facts | {"fill_id": f"{stem}-{n}"}) for n in range(count))


def positions(market: Open, count: int) -> None:
    for _ in range(count):
        Position.objects.create(account=market.account, instrument=builders.instrument(), qty=Decimal(1))


def ledger(market: Open, count: int) -> None:
    facts: dict[str, Any] = {"account": market.account, "ledger_account": Account.CASH, "currency": "USD", "at_ns": 1}
    stem = f"bulk{LedgerEntry.objects.count()}"
    LedgerEntry.objects.bulk_create(
        LedgerEntry(ref=f"{stem}-{n}", line=1, amount=Decimal(1), **facts) for n in range(count)
    )


def decisions(market: Open, count: int) -> None:
    facts: dict[str, Any] = {"account": market.account, "allowed": True, "code": "allowed", "at_ns": 1}
    stem = f"bulk{RiskDecision.objects.count()}"
    RiskDecision.objects.bulk_create(RiskDecision(client_order_id=f"{stem}-{n}", **facts) for n in range(count))


def runs(market: Open, count: int) -> None:
    for _ in range(count):
        builders.run(market.account, [market.instrument])


def signals(market: Open, count: int) -> None:
    facts: dict[str, Any] = {"run": market.run, "instrument": market.instrument, "at": START, "price": Decimal(1)}
    first = SignalRow.objects.count() + 1
    SignalRow.objects.bulk_create(
        SignalRow(sequence=first + n, side="buy", order_type="market", **facts) for n in range(count)
    )


def accounts(market: Open, count: int) -> None:
    for _ in range(count):
        builders.account(market.trader)


def grants(market: Open, count: int) -> None:
    for _ in range(count):
        account_grant(account=market.account, investor=builders.investor())


def instruments(market: Open, count: int) -> None:
    for _ in range(count):
        builders.instrument()


def limits(market: Open, count: int) -> None:
    first = RiskLimit.objects.count() + 1000
    RiskLimit.objects.bulk_create(RiskLimit(scope=Scope.INSTRUMENT, scope_id=first + n) for n in range(count))


def switches(market: Open, count: int) -> None:
    for _ in range(count):
        account = builders.account(market.trader)
        facts = {"state": "trading", "changed_by": builders.admin()}
        KillSwitch.objects.create(scope=Scope.ACCOUNT, scope_id=account.pk, **facts)


def points(market: Open, count: int) -> None:
    worth: dict[str, Any] = dict.fromkeys(("equity", "cash", "unrealised", "realised", "fees"), Decimal(1))
    first = START + timedelta(days=1 + EquitySnapshot.objects.count())
    EquitySnapshot.objects.bulk_create(
        EquitySnapshot(account=market.account, at=first + timedelta(minutes=n), **worth) for n in range(count)
    )


LISTS: dict[str, Callable[[Open, int], None]] = {
    "orders": orders,
    "fills": fills,
    "positions": positions,
    "accounts/{account}/ledger": ledger,
    "accounts/{account}/equity": points,
    "risk/decisions": decisions,
    "risk/limits": limits,
    "kill-switches": switches,
    "runs": runs,
    "signals": signals,
    "accounts": accounts,
    "grants": grants,
    "instruments": instruments,
    "venues": instruments,
}


@pytest.mark.parametrize("path", LISTS)
def test_a_list_takes_as_many_queries_for_a_hundred_rows_as_for_ten(path: str, trader: APIClient, market: Open) -> None:
    def look(least: int) -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            answer = trader.get(f"/api/v1/{path.format(account=market.account.pk)}", page)
        assert answer.status_code == 200, answer.content
        assert len(answer.json()["results"]) >= least
        return len(queries)

    page = {} if path in ("positions", "venues") else {"limit": 200}
    LISTS[path](market, 10)
    few = look(10)
    LISTS[path](market, 90)
    assert look(100) == few <= 5


def test_walking_the_pages_meets_every_row_once(trader: APIClient, market: Open) -> None:
    orders(market, 23)
    for ordering in ("id", "-id"):
        seen = walk(trader, ORDERS, ordering=ordering, limit=5)
        assert seen == sorted(seen, reverse=ordering[0] == "-") and len(seen) == len(set(seen)) == 25


def test_rows_that_share_a_time_are_met_once(trader: APIClient, market: Open) -> None:
    fills(market, 13)  # all at the same moment
    for ordering in ("at", "-at", "id"):
        seen = walk(trader, "/api/v1/fills", ordering=ordering, limit=4)
        assert len(seen) == len(set(seen)) == 14


def test_signals_are_walked_by_their_time(trader: APIClient, market: Open) -> None:
    signals(market, 9)
    assert len(set(walk(trader, "/api/v1/signals", limit=3))) == 10


def test_what_comes_in_meanwhile_shifts_nothing(trader: APIClient, market: Open) -> None:
    orders(market, 8)
    first = trader.get(ORDERS, {"limit": 5}).json()
    orders(market, 5)
    second = trader.get(ORDERS, {"limit": 5, "cursor": first["next"]}).json()
    assert [row["id"] for row in first["results"] + second["results"]] == list(
        range(market.filled.pk + 9, market.filled.pk - 1, -1)
    )


@pytest.mark.parametrize(
    "cursor", ["x", "!!!", "AAAA", "eyJhIjoxfQ", "WyItaWQiLG51bGxd", "W1tdXQ", "WyJpZCIsMV0", "a" * 400]
)
def test_a_cursor_that_was_not_given_is_refused(trader: APIClient, cursor: str) -> None:
    answer = trader.get(ORDERS, {"cursor": cursor})
    assert answer.status_code == 400 and answer.json()["errors"][0]["field"] == "cursor"


@pytest.mark.parametrize(
    "wrong", [{"limit": "0"}, {"limit": "501"}, {"limit": "x"}, {"ordering": "qty"}, {"nosuch": "1"}]
)
def test_a_wish_no_list_knows_is_refused(trader: APIClient, wrong: dict[str, str]) -> None:
    answer = trader.get(ORDERS, wrong)
    assert answer.status_code == 400 and answer.json()["errors"][0]["field"] == next(iter(wrong))


def walk(client: APIClient, path: str, **query: Any) -> list[int]:
    seen: list[int] = []
    cursor = None
    while True:
        page = client.get(path, query | ({"cursor": cursor} if cursor else {})).json()
        seen += [row["id"] for row in page["results"]]
        cursor = page["next"]
        if cursor is None:
            return seen
        assert len(page["results"]) == query["limit"]
