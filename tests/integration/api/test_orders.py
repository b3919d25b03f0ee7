"""Orders over REST: one key is one order, refusals tell the numbers, strangers find nothing."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from rest_framework.test import APIClient

from apps.api.models import IdempotentAnswer
from apps.common.models import Outbox
from apps.orders.models import Order
from apps.risk.models import RiskDecision, Scope
from apps.risk.services import limits_set
from tests.integration.api.conftest import Client
from tests.integration.api.market import Open

ORDERS = "/api/v1/orders"


def place(client: APIClient, ticket: dict[str, Any], key: str = "my-wish-1") -> Any:
    return client.post(ORDERS, ticket, headers={"Idempotency-Key": key})


def test_an_order_is_placed_through_the_risk_door_and_leaves_by_the_outbox(
    trader: APIClient, ticket: dict[str, Any], market: Open
) -> None:
    before = Outbox.objects.count()
    answer = place(trader, ticket)
    assert answer.status_code == 201, answer.content
    told = answer.json()
    assert told["status"] == "new" and told["qty"] == "2" and told["symbol"] == market.instrument.symbol
    assert answer["Location"] == f"{ORDERS}/{told['id']}"
    assert trader.get(answer["Location"]).json() == told
    assert Outbox.objects.count() == before + 1
    assert RiskDecision.objects.filter(client_order_id=told["client_order_id"], allowed=True).exists()


def test_the_same_key_gives_the_same_answer_and_one_order(trader: APIClient, ticket: dict[str, Any]) -> None:
    before = Order.objects.count()
    first, again = place(trader, ticket), place(trader, ticket)
    assert first.content == again.content and again.status_code == 201
    assert again["Location"] == first["Location"]
    assert again["Idempotent-Replayed"] == "true" and "Idempotent-Replayed" not in first
    assert Order.objects.count() == before + 1


def test_a_key_used_for_something_else_is_refused(trader: APIClient, ticket: dict[str, Any]) -> None:
    place(trader, ticket)
    other = place(trader, ticket | {"qty": "3"})
    assert other.status_code == 422 and other.json()["code"] == "idempotency_key_reused"
    assert not Order.objects.filter(ordered_qty="3", client_order_id__endswith="my-wish-1").exists()


def test_what_one_body_means_does_not_hang_on_how_it_is_written(trader: APIClient, ticket: dict[str, Any]) -> None:
    place(trader, ticket)
    assert place(trader, dict(reversed(ticket.items()))).status_code == 201


@pytest.mark.parametrize("key", [None, "", "short", "x" * 41, "with blank s", "ключ-ключ"])
def test_an_order_without_a_good_key_is_not_placed(trader: APIClient, ticket: dict[str, Any], key: str | None) -> None:
    before = Order.objects.count()
    headers = {} if key is None else {"Idempotency-Key": key}
    answer = trader.post(ORDERS, ticket, headers=headers)
    assert answer.status_code == 400 and answer.json()["code"] == "idempotency_key_missing"
    assert Order.objects.count() == before


def test_a_refusal_tells_the_rule_and_the_numbers_and_is_repeated_word_for_word(
    trader: APIClient, ticket: dict[str, Any], market: Open
) -> None:
    limits_set(actor=market.admin, scope=Scope.ACCOUNT, scope_id=market.account.pk, max_order_qty=1)
    refused = place(trader, ticket)
    assert refused.status_code == 409
    assert refused["Content-Type"] == "application/problem+json"
    told = refused.json()
    assert told["code"] == "risk_refused" and told["facts"]["rule"] == "order_qty"
    assert [(n["limit"], Decimal(n["seen"])) for n in told["facts"]["numbers"] if n["rule"] == "order_qty"] == [
        ("1", 2)
    ]
    limits_set(actor=market.admin, scope=Scope.ACCOUNT, scope_id=market.account.pk, max_order_qty=None)
    assert place(trader, ticket).json() == told
    denied = Order.objects.get(client_order_id=told["facts"]["client_order_id"])
    assert denied.status == "denied"


def test_what_broke_is_not_kept_so_that_the_same_key_may_try_again(
    trader: APIClient, ticket: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr("apps.execution.services.order_say", lambda message: 1 / 0)
        failed = place(trader, ticket)
    assert failed.status_code == 500 and failed.json()["code"] == "internal"
    assert "division" not in failed.content.decode()
    assert not IdempotentAnswer.objects.exists()
    assert place(trader, ticket).status_code == 201


def test_a_key_belongs_to_its_user(trader: APIClient, ticket: dict[str, Any], market: Open, as_: Client) -> None:
    place(trader, ticket)
    assert place(as_(market.stranger), ticket).json()["code"] == "not_found"


def test_a_misspelt_price_is_an_error_and_not_a_market_order(trader: APIClient, ticket: dict[str, Any]) -> None:
    answer = place(trader, ticket | {"limitprice": "90"})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "limitprice"


def test_a_cancel_is_asked_for_and_asking_twice_is_harmless(trader: APIClient, market: Open) -> None:
    path = f"{ORDERS}/{market.order.pk}/cancel"
    first, again = trader.post(path), trader.post(path)
    assert first.status_code == again.status_code == 202
    assert again.json()["status"] == "pending_cancel"
    steps = trader.get(f"{ORDERS}/{market.order.pk}/events").json()["results"]
    assert [step["event"] for step in steps] == ["allow", "ask_cancel"]


def test_an_order_that_has_ended_cannot_be_cancelled(trader: APIClient, market: Open) -> None:
    answer = trader.post(f"{ORDERS}/{market.filled.pk}/cancel")
    assert answer.status_code == 409 and answer.json()["code"] == "illegal_transition"


def test_orders_are_found_by_what_they_are(trader: APIClient, market: Open) -> None:
    def ids(**query: Any) -> list[int]:
        answer = trader.get(ORDERS, query)
        assert answer.status_code == 200, answer.content
        return [row["id"] for row in answer.json()["results"]]

    assert ids() == [market.order.pk, market.filled.pk]
    assert ids(ordering="id") == [market.filled.pk, market.order.pk]
    assert ids(working="true") == [market.order.pk]
    assert ids(status="filled") == ids(working="false") == [market.filled.pk]
    assert ids(client_order_id=market.order.client_order_id) == [market.order.pk]
    assert ids(account=market.account.pk + 1) == ids(run=market.run.pk) == ids(side="sell") == []


def test_money_is_text_without_noise(trader: APIClient, market: Open) -> None:
    fill = trader.get("/api/v1/fills").json()["results"][0]
    assert (fill["qty"], fill["price"], fill["fee"], fill["realised"]) == ("3", "100.5", "0.25", "0")
    assert fill["order"] == market.filled.pk and fill["client_order_id"] == market.filled.client_order_id
