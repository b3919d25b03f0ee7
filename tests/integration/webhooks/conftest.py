"""A trader's webhook on an account whose instrument trades at 100, and a sender that knows its address."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from apps.webhooks.models import Webhook
from apps.webhooks.services import Opened, hook_create
from tests.integration.money import Desk, quote


@dataclass
class Sender:
    desk: Desk
    opened: Opened
    client: Client

    @property
    def hook(self) -> Webhook:
        return Webhook.objects.get(pk=self.opened.hook.pk)

    def post(self, said: Any, *, path: str = "", **more: Any) -> Any:
        """`said`: a body as bytes, or what is sent as JSON."""
        body = said if isinstance(said, bytes) else json.dumps(said).encode()
        kind = more.pop("content_type", "application/json")
        return self.client.generic("POST", path or self.opened.path, body, content_type=kind, **more)

    def wish(self, **more: Any) -> dict[str, Any]:
        return {"side": "buy", "qty": "2", "symbol": self.desk.instrument.symbol, "id": "one"} | more


@pytest.fixture
def sender(desk: Desk) -> Iterator[Sender]:
    cache.clear()
    now = time.time_ns()
    quote(desk.instrument.number, 100, event_ns=now, seen_ns=now)
    opened = hook_create(actor=desk.account.owner, account_id=desk.account.pk, name="trend")
    yield Sender(desk, opened, Client(raise_request_exception=False))
    cache.clear()
