"""Whatever is written into whatever field: a 4xx problem that names field and reason, and nothing half-written."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework.test import APIClient

from tests.integration.access.rules import API
from tests.integration.access.test_api import OPERATIONS
from tests.integration.api.market import Open

WRITES = [name for name, (method, _) in OPERATIONS.items() if method in ("post", "patch") and API[name].body]
NASTY = st.sampled_from(
    [
        "NaN", "-Infinity", "sNaN", "1e400", "1e-400", "-1", "0", "-0", "1e10", "0.00000000001", "9" * 400, "١٢٣",
        "1_000", "' OR 1=1; --", "{{ 7*7 }}", "${jndi:ldap://x}", "<script>alert(1)</script>", "../../etc/passwd",
        "\u202e", "\x00", "a\x00b", "\ufeff", "𝟙", "é" * 5000, "1969-12-31T00:00:00Z", "0001-01-01", "", " ", None,
        True, [], {}, [[]],
        {"$gt": ""}, -1, 0, 2**31, 2**63, 2**64 - 1, -(2**63), 1.5, 1e308, 5e-324,
    ]
)  # fmt: skip
VALUES = (
    NASTY | st.text(max_size=40) | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
)


@pytest.mark.parametrize("name", WRITES)
def test_no_field_takes_nonsense(name: str, market: Open, as_: Any) -> None:
    rule, (method, template) = API[name], OPERATIONS[name]
    assert rule.body is not None
    good, path = rule.body(market), template.format(**rule.path(market))
    before = market.fingerprint()
    client = as_(market.admin)

    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.dictionaries(st.sampled_from([*good, "nosuch"]), VALUES, min_size=1, max_size=2))
    def attempt(wrong: dict[str, Any]) -> None:
        with transaction.atomic():
            answer = send(client, method, path, good | wrong, rule.headers)
            told = answer.json() if answer.content else {}
            assert answer.status_code < 500, (wrong, told)
            if answer.status_code >= 400:
                assert told["detail"] and told["code"], wrong
                if told["code"] == "bad_input":
                    assert told["errors"] and all(each["field"] and each["reason"] for each in told["errors"]), (
                        wrong,
                        told,
                    )
                assert (name == "orders_place" and told["code"] == "risk_refused") or market.fingerprint() == before, (
                    wrong
                )
            transaction.set_rollback(True)

    attempt()


def send(client: APIClient, method: str, path: str, body: Any, headers: dict[str, str]) -> Any:
    return client.generic(
        method.upper(), path, msgspec.json.encode(body), content_type="application/json", headers=headers
    )


@pytest.mark.parametrize("name", WRITES)
def test_every_field_that_is_wanted_is_asked_for(name: str, market: Open, as_: Any) -> None:
    rule, (method, template) = API[name], OPERATIONS[name]
    if method == "patch" or not rule.body:
        return
    answer = send(as_(market.admin), method, template.format(**rule.path(market)), {}, rule.headers)
    assert answer.status_code == 400
    assert {each["reason"] for each in answer.json()["errors"]} == {"This field is required."}


@pytest.mark.parametrize("field", ["account", "instrument", "qty", "limit_price"])
def test_a_known_field_is_named_when_it_is_wrong(field: str, market: Open, as_: Any) -> None:
    good = {"account": market.account.pk, "instrument": market.instrument.number, "side": "buy", "qty": "1"}
    answer = send(
        as_(market.trader), "post", "/api/v1/orders", good | {field: "nonsense"}, {"Idempotency-Key": "a-good-key"}
    )
    assert answer.status_code == 400
    assert [each["field"] for each in answer.json()["errors"]] == [field]


def test_an_instrument_nobody_knows(market: Open, as_: Any) -> None:
    body = {"account": market.account.pk, "instrument": 999_999, "side": "buy", "qty": "1"}
    answer = send(as_(market.trader), "post", "/api/v1/orders", body, {"Idempotency-Key": "a-good-key"})
    assert answer.status_code == 404 and "999999" in answer.json()["detail"]


@pytest.mark.parametrize("name", [name for name, (method, _) in OPERATIONS.items() if method == "get"])
def test_no_query_takes_nonsense(name: str, market: Open, as_: Any) -> None:
    from tests.integration.api.test_schema import DOCUMENT

    template = OPERATIONS[name][1]
    told = DOCUMENT["paths"][template]["get"].get("parameters", [])
    known = [each["name"] for each in told if each["in"] == "query"]
    client, path = as_(market.trader), template.format(**API[name].path(market))

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.dictionaries(st.sampled_from([*known, "nosuch"]), NASTY.map(str), min_size=1, max_size=2))
    def attempt(query: dict[str, str]) -> None:
        answer = client.get(path, query)
        assert answer.status_code in (200, 400), (query, answer.content)

    attempt()
