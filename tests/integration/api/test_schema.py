"""The OpenAPI document is whole, and the API does what it says: schemathesis tries it as every role and as nobody."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import msgspec
import pytest
import schemathesis
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.strategies import booleans
from rest_framework_simplejwt.tokens import AccessToken
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from apps.api.views import document
from tests.integration.api.market import Open

DOCUMENT: dict[str, Any] = msgspec.json.decode(document())
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
ROLES = ("anonymous", "admin", "trader", "investor")
EXAMPLES = 6  # of each operation as each role


def operations() -> list[tuple[str, str, dict[str, Any]]]:
    return [(path, method, told) for path, methods in DOCUMENT["paths"].items() for method, told in methods.items()]


def test_the_document_is_openapi_3_1() -> None:
    assert DOCUMENT["openapi"].startswith("3.1.")
    schemathesis.openapi.from_dict(DOCUMENT).config  # noqa: B018 (loads it)


def test_every_schema_of_the_document_is_one() -> None:
    shapes = _local(DOCUMENT["components"]["schemas"])
    for name, shape in shapes.items():
        assert jsonschema_rs.validator_for({"$defs": shapes, **shape}), name


def _local(shape: Any) -> Any:
    text = msgspec.json.encode(shape).replace(b"#/components/schemas/", b"#/$defs/")
    return msgspec.json.decode(text)


@pytest.mark.parametrize("told", operations(), ids=lambda told: told[2]["operationId"])
def test_every_operation_says_all_there_is_to_know(told: tuple[str, str, dict[str, Any]]) -> None:
    _, method, operation = told
    assert operation["summary"] and operation["description"] and operation["tags"] and operation["x-scope"]
    good = [status for status in operation["responses"] if status.startswith("2")]
    assert len(good) == 1 and {"400", "500"} < set(operation["responses"])
    if good != ["204"]:
        assert operation["responses"][good[0]]["content"]["application/json"]["schema"]
    if operation["security"]:
        assert [next(iter(way)) for way in operation["security"]] == ["accessToken", "apiKey", "cookieAuth"]
        assert {"401", "403"} < set(operation["responses"])
    if method == "post" and operation["x-scope"] in ("orders:write", "strategies:write", "risk:write"):
        assert "Idempotency-Key" in [parameter["name"] for parameter in operation["parameters"]]


@pytest.fixture
def one_connection() -> Iterator[None]:
    """A server would close the connection after each request, and with it the test's transaction."""
    for told in (request_started, request_finished):
        told.disconnect(close_old_connections)
    yield
    for told in (request_started, request_finished):
        told.connect(close_old_connections)


@pytest.mark.parametrize("role", ROLES)
def test_the_api_answers_as_its_document_says(role: str, market: Open, one_connection: None) -> None:
    schema = schemathesis.openapi.from_dict(DOCUMENT)
    schema.app = WSGIHandler()
    headers = {} if role == "anonymous" else {"Authorization": f"Bearer {token(market, role)}"}
    for found in schema.get_all_operations():
        _try(found.ok(), headers, real(market))


def real(market: Open) -> dict[str, Any]:
    """Names of parameters and fields -> things that are there."""
    ids = {"account": market.account.pk, "instrument": market.instrument.number, "run": market.run.pk}
    named = {f"{name}_id": key for name, key in ids.items()} | {"number": market.instrument.number}
    rest = {"order_id": market.order.pk, "grant_id": market.grant.pk, "switch_id": market.switch.pk}
    return ids | named | rest | {"scope": "account", "scope_id": market.account.pk, "instruments": [ids["instrument"]]}


def _try(operation: Any, headers: dict[str, str], there: dict[str, Any]) -> None:
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def attempt(case: Any, on_real_things: bool) -> None:
        if on_real_things:
            for said in (case.path_parameters, case.body):
                if isinstance(said, dict):
                    said.update({name: value for name, value in there.items() if name in said})
        with transaction.atomic():
            case.call_and_validate(headers=headers, checks=CHECKS)
            transaction.set_rollback(True)

    given(case=operation.as_strategy(), on_real_things=booleans())(attempt)()


def token(market: Open, role: str) -> str:
    return str(AccessToken.for_user(getattr(market, role)))
