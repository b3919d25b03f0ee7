"""Every error is a problem document with a stable code, and the list of codes is what the docs say."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from rest_framework.test import APIClient

from apps.api.problems import BY_CODE, KINDS, kind_of
from apps.api.wire import MAX_BODY
from apps.domain import errors
from apps.domain.errors import VeloxError
from tests.integration.api.conftest import Client
from tests.integration.api.market import Open

DOCS = Path(django_settings.BASE_DIR) / "docs" / "api.md"


def branches(root: type[VeloxError] = VeloxError) -> Iterator[type[VeloxError]]:
    yield root
    for branch in root.__subclasses__():
        yield from branches(branch)


def problem(answer: Any, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    told = answer.json()
    assert (told["code"], told["status"], told["type"]) == (code, status, f"/api/v1/problems/{code}")
    assert told["title"] and told["detail"] and told["request_id"] == answer["X-Request-ID"]
    return told


def test_every_error_of_the_tree_has_its_row() -> None:
    shipped = [branch for branch in branches() if branch.__module__ == errors.__name__]
    assert len(shipped) > 10
    for branch in shipped:
        assert kind_of(branch("x")).code == branch.code


def test_the_docs_list_exactly_these_codes() -> None:
    rows = [line for line in DOCS.read_text().splitlines() if line.startswith("| `") and line.count("|") == 5]
    assert rows == [f"| `{kind.code}` | {kind.status} | {kind.title} | {kind.meaning} |" for kind in KINDS]


def test_the_type_of_a_problem_leads_to_its_explanation(trader: APIClient) -> None:
    told = problem(trader.get("/api/v1/orders/999999"), 404, "not_found")
    assert trader.get(told["type"]).json()["meaning"] == BY_CODE["not_found"].meaning


@pytest.mark.parametrize(
    "path", ["/api/", "/api/v1", "/api/v1/", "/api/v1/nothing", "/api/v2/orders", "/api/v1/orders/"]
)
@pytest.mark.parametrize("method", ["get", "post", "delete", "options"])
def test_a_path_that_is_not_there(as_: Client, path: str, method: str) -> None:
    problem(getattr(as_(None), method)(path), 404, "not_found")


def test_a_key_larger_than_any_database_holds_is_just_not_there(trader: APIClient) -> None:
    for path in (f"orders/{10**30}", f"accounts/{2**63}", f"instruments/{2**40}", f"instruments/{10**25}/candles"):
        problem(trader.get(f"/api/v1/{path}"), 404, "not_found")


def test_a_method_that_is_not_offered(trader: APIClient) -> None:
    answer = trader.put("/api/v1/orders", {})
    problem(answer, 405, "method_not_allowed")
    assert answer["Allow"] == "GET, POST, HEAD"
    problem(trader.options("/api/v1/orders"), 405, "method_not_allowed")


def test_nobody_is_told_how_to_log_in(as_: Client, market: Open) -> None:
    answer = as_(None).get("/api/v1/orders")
    problem(answer, 401, "unauthenticated")
    assert answer["WWW-Authenticate"].startswith("Bearer")


def test_only_json_is_spoken(trader: APIClient) -> None:
    problem(trader.get("/api/v1/orders", headers={"Accept": "text/html"}), 406, "not_acceptable")
    sent = trader.generic("POST", "/api/v1/accounts", b"name=x", content_type="application/x-www-form-urlencoded")
    problem(sent, 415, "unsupported_media_type")


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"nope", b'{"qty": NaN}', b'{"qty": 1e999999}', b'{"a": "\\ud800"}', b"\xff\xfe", b"[" * 50_000,
     b'{"qty": ' + b"9" * 5_000 + b"}"],
)  # fmt: skip
def test_a_body_that_is_no_json(trader: APIClient, body: bytes) -> None:
    answer = trader.generic("POST", "/api/v1/accounts", body, content_type="application/json")
    assert answer.status_code == 400 and answer.json()["code"] in {"malformed", "bad_input"}


@pytest.mark.parametrize("body", [b"[]", b"null", b"3", b'"text"', b"true"])
def test_a_body_that_is_no_object(trader: APIClient, body: bytes) -> None:
    problem(trader.generic("POST", "/api/v1/accounts", body, content_type="application/json"), 400, "bad_input")


def test_a_body_that_is_too_large(trader: APIClient) -> None:
    body = b'{"name": "' + b"x" * MAX_BODY + b'"}'
    problem(trader.generic("POST", "/api/v1/accounts", body, content_type="application/json"), 413, "body_too_large")


def test_what_broke_tells_nothing_of_the_inside(trader: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.orders.selectors.order_list", lambda **_: 1 / 0)
    told = problem(trader.get("/api/v1/orders"), 500, "internal")
    assert "division" not in str(told) and "Traceback" not in str(told)


def test_too_many_requests(trader: APIClient, settings: Any) -> None:
    settings.API_RATES = {"read": (3, 60)}
    answers = [trader.get("/api/v1/users/me") for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    problem(answers[-1], 429, "throttled")
    assert 1 <= int(answers[-1]["Retry-After"]) <= 60


def test_one_user_does_not_use_up_what_another_has(market: Open, as_: Client, settings: Any) -> None:
    settings.API_RATES = {"read": (1, 60)}
    assert [as_(who).get("/api/v1/users/me").status_code for who in (market.trader, market.trader)] == [200, 429]
    assert as_(market.stranger).get("/api/v1/users/me").status_code == 200


def test_the_kill_switch_is_never_held_up(trader: APIClient, market: Open, settings: Any) -> None:
    settings.API_RATES = dict.fromkeys(["read", "write", "orders", "login"], (1, 60))
    wish = {"scope": "account", "scope_id": market.account.pk}
    assert [trader.post("/api/v1/kill-switches/pull", wish).status_code for _ in range(5)] == [200] * 5


def test_a_request_keeps_the_id_it_came_with(trader: APIClient) -> None:
    answer = trader.get("/api/v1/orders/999999", headers={"X-Request-ID": "my-request-77"})
    assert answer["X-Request-ID"] == answer.json()["request_id"] == "my-request-77"


def test_an_error_names_the_field_and_the_reason(trader: APIClient, ticket: dict[str, Any]) -> None:
    headers = {"Idempotency-Key": "a-good-key"}
    answer = trader.post("/api/v1/orders", ticket | {"qty": "NaN", "side": "up"}, headers=headers)
    told = {each["field"]: each["reason"] for each in problem(answer, 400, "bad_input")["errors"]}
    assert set(told) == {"qty", "side"} and "up" in told["side"]
