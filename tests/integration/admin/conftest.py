"""An admin in the back office of an installation that has one of everything."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.cache import cache
from django.db import models, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.services import invitation_make
from apps.audit.services import audit_record
from apps.common.models import Outbox
from apps.instruments.models import Alias, Watchlist
from apps.marketdata.models import GapLog
from apps.portfolio.models import DayStart, FxRate
from apps.strategies.models import LaneState
from apps.webhooks.models import Webhook, WebhookDelivery
from apps.webhooks.services import hook_create
from tests.integration.api.market import Open, open_market


@dataclass
class Office:
    market: Open
    client: Client
    hook: Webhook

    def url(self, model: type[models.Model] | models.Model, page: str = "changelist", *args: Any) -> str:
        return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)

    def act(self, obj: models.Model, action: str, **said: Any) -> Any:
        """What choosing a row and an action posts."""
        chosen = {"action": action, "index": 0, "_selected_action": [obj.pk]}
        return self.client.post(self.url(obj), chosen | said, follow=True)


@pytest.fixture
def office(db: None) -> Iterator[Office]:
    cache.clear()
    with open_market() as market:
        client, now = Client(), timezone.now()
        client.force_login(market.admin)
        hook = hook_create(actor=market.trader, account_id=market.account.pk, name="trend").hook
        WebhookDelivery(hook=hook, body="{}", verdict="failed", status=400, code="bad_input").save()
        Outbox.objects.create(topic="velox.orders", key=1, payload=b"x")
        GapLog.objects.create(feed="replay", instrument=market.instrument, started_at=now, reason="silent")
        LaneState.objects.create(run=market.run, instrument=market.instrument, tape_at=7, state=b"x", saved_at=now)
        Alias.objects.create(instrument=market.instrument, feed="replay", symbol="X")
        Watchlist.objects.create(owner=market.trader, name="mine")
        FxRate.objects.create(currency="EUR", into="USD", rate=Decimal("1.1"))
        DayStart.objects.get_or_create(account=market.account, day=now.date(), defaults={"equity": Decimal(5)})
        invitation_make(actor=market.admin, email="new@example.com", role="trader")
        Group.objects.create(name="desk")
        _recorded(market)
        yield Office(market, client, hook)


def _recorded(market: Open) -> None:
    with transaction.atomic():
        audit_record(action="order.placed", actor=market.trader, target=market.order, after={"qty": 3})
