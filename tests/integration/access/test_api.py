"""Every operation of the OpenAPI document, as every role and as nobody, on a stranger's things and on one's own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from django.core.cache import cache
from django.db import transaction
from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.test import APIClient

from apps.api.views import Nothing, document
from tests.integration.access.rules import ACTORS, API
from tests.integration.api.market import Open, open_market

DOCUMENT = msgspec.json.decode(document())
OPERATIONS: dict[str, tuple[str, str]] = {
    operation["operationId"]: (method, path)
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
    if method != "parameters"
}
UNDESCRIBED = {"api-schema", "api-swagger", "api-redoc"}  # the document itself and the two pages that show it


@pytest.fixture
def market(db: None, settings: Any) -> Iterator[Open]:
    cache.clear()
    settings.API_RATES = {}
    with open_market() as made:
        yield made


def ask(market: Open, name: str, actor: str, path: dict[str, Any] | None = None) -> Any:
    """The operation on the trader's things, asked for by this actor."""
    rule, (method, template) = API[name], OPERATIONS[name]
    client = APIClient(raise_request_exception=False)
    if actor != "anonymous":
        client.force_authenticate(getattr(market, actor))
    body = rule.body(market) if rule.body else None
    return getattr(client, method)(template.format(**(path or rule.path(market))), body, headers=rule.headers)


def test_every_operation_has_a_rule_and_every_rule_an_operation() -> None:
    assert set(API) == set(OPERATIONS)


def test_every_path_below_api_is_in_the_document() -> None:
    found = [each for each in walk(get_resolver().url_patterns, "") if each[1].name not in UNDESCRIBED]
    described = {re.sub(r"{\w+}", "<>", path.lstrip("/")) for _, path in OPERATIONS.values()}
    there = {re.sub(r"<[^>]+>", "<>", route) for route, pattern in found if view(pattern) is not Nothing}
    assert there == described


def view(pattern: URLPattern) -> Any:
    return getattr(pattern.callback, "view_class", None)


def walk(patterns: list[Any], prefix: str) -> Iterator[tuple[str, URLPattern]]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from walk(pattern.url_patterns, route)
        elif route.startswith("api/"):
            yield route, pattern


@pytest.mark.parametrize("name", OPERATIONS)
def test_each_actor_is_answered_as_the_rule_says(market: Open, name: str) -> None:
    before, answers, untouched = market.fingerprint(), {}, True
    for actor in ACTORS:
        with transaction.atomic():
            answers[actor] = ask(market, name, actor).status_code
            refused = answers[actor] >= 400
            untouched = untouched and (not refused or market.fingerprint() == before)
            transaction.set_rollback(True)
    assert answers == {actor: getattr(API[name], actor) for actor in ACTORS}
    assert untouched, "who was refused changed something"


@pytest.mark.parametrize("name", [name for name, rule in API.items() if rule.mine])
def test_a_list_holds_what_is_one_s_own_and_nothing_else(market: Open, name: str) -> None:
    mine = API[name].mine
    assert mine is not None

    def held(actor: str) -> bool:
        return mine(market) in [row["id"] for row in ask(market, name, actor).json()["results"]]

    assert held("trader") and held("admin")
    assert not held("stranger") and not held("outsider")


@pytest.mark.parametrize(
    "name", [name for name, rule in API.items() if rule.stranger == 404 and "{" in OPERATIONS[name][1]]
)
def test_somebody_else_s_looks_exactly_like_a_missing_one(market: Open, name: str) -> None:
    theirs = API[name].path(market)
    missing = {key: value if isinstance(value, str) else 987_654_321 for key, value in theirs.items()}

    def told(path: dict[str, Any]) -> dict[str, Any]:
        answer = ask(market, name, "stranger", path)
        assert answer.status_code == 404
        body: dict[str, Any] = answer.json()
        return {key: body[key] for key in body if key not in ("request_id", "instance")}

    assert told(theirs) == told(missing)
