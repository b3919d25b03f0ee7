"""Every model has its page in the back office, and facts cannot be edited there."""

from decimal import Decimal

import pytest
from django.contrib import admin
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.common.models import Outbox
from apps.instruments.models import Instrument
from apps.marketdata.models import GapLog, StoredCandle
from apps.strategies.models import LaneState, SignalRow, StrategyRun

pytestmark = pytest.mark.django_db
APPS = {"common", "accounts", "instruments", "marketdata", "strategies"}
OURS = [model for model in admin.site._registry if model._meta.app_label in APPS]


@pytest.fixture
def office(client):
    call_command("velox_demo", verbosity=0)
    run, gold, now = StrategyRun.objects.first(), Instrument.objects.first(), timezone.now()
    Outbox.objects.create(topic="velox.orders", key=1, payload=b"x")
    GapLog.objects.create(feed="replay", instrument=gold, started_at=now, reason="silent")
    LaneState.objects.create(run=run, instrument=gold, tape_at=7, state=b"x", saved_at=now)
    SignalRow.objects.create(
        run=run, instrument=gold, sequence=1, at=now, side="buy", order_type="market", price=Decimal(1)
    )
    prices = dict.fromkeys(["open", "high", "low", "close", "volume"], 1.0)
    times = dict.fromkeys(["start_at", "end_at", "session_at"], now)
    StoredCandle.objects.create(instrument=gold, timeframe=60, **times, **prices)
    client.force_login(User.objects.get(username="admin"))
    return client


@pytest.mark.parametrize("model", OURS, ids=lambda model: model.__name__)
def test_its_list_opens_and_can_be_searched(office, model):
    page = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    assert office.get(page).status_code == 200
    assert office.get(page, {"q": "gold"}).status_code == 200


@pytest.mark.parametrize("model", OURS, ids=lambda model: model.__name__)
def test_a_row_opens(office, model):
    page = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[model.objects.first().pk])
    assert office.get(page).status_code == 200


@pytest.mark.parametrize("model", [SignalRow, StoredCandle, Outbox])
def test_facts_are_read_only(office, rf, model):
    request = rf.get("/")
    request.user = User.objects.get(username="admin")
    door = admin.site._registry[model]
    assert not (
        door.has_add_permission(request) or door.has_change_permission(request) or door.has_delete_permission(request)
    )


def test_a_trader_is_kept_out(client):
    call_command("velox_demo", verbosity=0)
    client.force_login(User.objects.get(username="maya"))
    assert client.get(reverse("admin:index")).status_code == 302
