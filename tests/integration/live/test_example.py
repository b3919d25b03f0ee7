"""The example of the documentation, run as it is told to be run."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

from apps.accounts.services import apikeys_revoke_all
from apps.domain.messages import OrderChanged
from apps.pipeline import flow
from tests.integration.api.market import Open, open_market
from tests.integration.live.house import House, key_of, open_house, running
from tests.unit.pages import ROOT

pytestmark = pytest.mark.django_db(transaction=True)
NEEDED = ("market:read", "orders:read", "portfolio:read", "risk:read")


class Example:
    def __init__(self, house: House, market: Open, key: str) -> None:
        url = f"ws://127.0.0.1:{house.port}"
        self.process = subprocess.Popen(
            [sys.executable, "docs/examples/stream.py", url, str(market.account.pk), market.instrument.symbol],
            cwd=ROOT, env={**os.environ, "VELOX_KEY": key}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def until(self, kind: str, **facts: Any) -> dict[str, Any]:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            message = json.loads(line)
            if message["t"] == kind and all((message["d"] | message).get(name) == facts[name] for name in facts):
                return message
        raise AssertionError(f"it ended before it told of {kind} {facts}")


@pytest.fixture
def market() -> Iterator[Open]:
    with open_market() as made:
        yield made


def test_it_follows_an_account_through_a_broken_line_and_ends_with_its_key(market: Open) -> None:
    with open_house() as house, running(market.instrument) as path:
        example = Example(house, market, key_of(market.trader, NEEDED))
        try:
            first = example.until("snapshot", ch=f"account:{market.account.pk}")
            assert len(first["d"]["orders"]) == 2
            path.say(flow.POSITIONS, accepted(market, "o-1"))
            seq = example.until("order", client_order_id="o-1")["seq"]
            break_line(house)
            path.say(flow.POSITIONS, accepted(market, "o-2"))  # while it is away
            assert example.until("order", client_order_id="o-2")["seq"] > seq
            apikeys_revoke_all(actor=None, owner=market.trader)
            break_line(house)
            assert example.process.wait(20) == 1
            assert "4401" in example.process.stderr.read()  # type: ignore[union-attr]
        finally:
            example.process.kill()
            example.process.communicate()


def accepted(market: Open, order: str) -> OrderChanged:
    return OrderChanged(order, market.account.pk, market.instrument.number, "accept", time.time_ns())


def break_line(house: House) -> None:
    """Every connection is cut, without a word."""

    async def cut() -> None:
        for connection in list(house.server.server_state.connections):
            connection.transport.abort()

    loop = house.server.servers[0].get_loop()
    asyncio.run_coroutine_threadsafe(cut(), loop).result(5)
