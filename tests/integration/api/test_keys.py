"""API keys over REST: shown once, held to their scopes, and never the way to another key."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from apps.accounts.models import ApiKey
from apps.accounts.scopes import SCOPES
from apps.api.access import Scope
from apps.api.models import IdempotentAnswer
from tests.integration.api.market import Open

KEYS = "/api/v1/api-keys"


@pytest.fixture
def bot(trader: APIClient) -> Any:
    """A program with a key of these scopes."""

    def make(*scopes: str, **more: Any) -> APIClient:
        wish = {
            "name": f"bot {ApiKey.objects.count()}",
            "scopes": scopes,
            "expires_at": timezone.now() + timedelta(days=1),
        }
        made = trader.post(KEYS, wish | more)
        assert made.status_code == 201, made.content
        client = APIClient()
        client.credentials(HTTP_X_API_KEY=made.json()["key"])
        return client

    return make


def test_every_scope_an_operation_asks_for_can_be_given_to_a_key() -> None:
    assert {scope.value for scope in Scope} - {"person"} <= set(SCOPES)


def test_a_key_is_told_once(trader: APIClient, bot: Any) -> None:
    bot("orders:read")
    listed = trader.get(KEYS).json()["results"][0]
    assert "key" not in listed and listed["state"] == "active" and listed["scopes"] == ["orders:read"]


def test_a_key_is_not_kept_in_an_answer_either(trader: APIClient, bot: Any) -> None:
    bot("orders:read")
    assert not IdempotentAnswer.objects.exists()


def test_a_key_reaches_what_its_scopes_name(bot: Any, ticket: dict[str, Any], market: Open) -> None:
    reads = bot("orders:read")
    assert reads.get("/api/v1/orders").status_code == 200
    refused = reads.post("/api/v1/orders", ticket, headers={"Idempotency-Key": "a-good-key"})
    assert refused.status_code == 403 and "orders:write" in refused.json()["detail"]
    assert reads.get("/api/v1/positions").status_code == 403
    writes = bot("orders:write", "account:read")
    assert writes.post("/api/v1/orders", ticket, headers={"Idempotency-Key": "a-good-key"}).status_code == 201
    assert writes.get("/api/v1/users/me").json()["scopes"] == ["account:read", "orders:write"]


def test_a_key_with_every_scope_still_is_no_person(bot: Any, market: Open) -> None:
    all_ = bot(*SCOPES)
    expires = timezone.now() + timedelta(days=1)
    assert all_.post(KEYS, {"name": "child", "scopes": ["orders:read"], "expires_at": expires}).status_code == 403
    assert all_.get(KEYS).status_code == all_.patch("/api/v1/users/me", {"theme": "dark"}).status_code == 403
    wish = {"scope": "account", "scope_id": market.account.pk}
    assert all_.post("/api/v1/kill-switches/pull", wish).status_code == 200
    assert all_.post("/api/v1/kill-switches/rearm", wish).status_code == 403


def test_a_revoked_key_opens_nothing(trader: APIClient, bot: Any) -> None:
    program = bot("orders:read")
    assert trader.delete(f"{KEYS}/{ApiKey.objects.latest('pk').pk}").status_code == 204
    assert program.get("/api/v1/orders").status_code == 401


def test_a_key_from_elsewhere_opens_nothing(bot: Any) -> None:
    program = bot("orders:read", addresses=["203.0.113.0/24"])
    assert program.get("/api/v1/orders").status_code == 401
    assert program.get("/api/v1/orders", REMOTE_ADDR="203.0.113.9").status_code == 200


@pytest.mark.parametrize("key", ["", "vx_", "x" * 5000, "vx_00000000_" + "0" * 48, "vx_é", "' OR 1=1 --"])
def test_a_key_that_is_none_opens_nothing(market: Open, key: str) -> None:
    answer = APIClient().get("/api/v1/orders", headers={"X-API-Key": key})
    assert answer.status_code == 401 and answer.json()["code"] == "unauthenticated"
