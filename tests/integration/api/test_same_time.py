"""The same request several times at the same moment is one order and one answer."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections
from rest_framework.test import APIClient

from apps.api.models import IdempotentAnswer
from apps.orders.models import Order
from tests.integration.api.market import Open, open_market

SENDERS = 6


@pytest.fixture
def market(transactional_db: None) -> Iterator[Open]:
    with open_market() as made:
        yield made


def at_once(market: Open, bodies: list[dict[str, Any]]) -> list[Any]:
    gate = threading.Barrier(len(bodies))

    def send(body: dict[str, Any]) -> Any:
        client = APIClient(raise_request_exception=False)
        client.force_authenticate(market.trader)
        gate.wait()
        try:
            return client.post("/api/v1/orders", body, headers={"Idempotency-Key": "one-and-only"})
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(bodies)) as pool:
        return list(pool.map(send, bodies))


def test_it_is_one_order_and_one_answer(market: Open) -> None:
    body = {"account": market.account.pk, "instrument": market.instrument.number, "side": "buy", "qty": "2"}
    before = Order.objects.count()
    answers = at_once(market, [body] * SENDERS)
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sum("Idempotent-Replayed" not in answer for answer in answers) == 1
    assert Order.objects.count() == before + 1 and IdempotentAnswer.objects.count() == 1


def test_of_two_bodies_with_one_key_one_is_refused(market: Open) -> None:
    body = {"account": market.account.pk, "instrument": market.instrument.number, "side": "buy"}
    answers = at_once(market, [body | {"qty": "2"}, body | {"qty": "4"}])
    assert sorted(answer.status_code for answer in answers) == [201, 422]
