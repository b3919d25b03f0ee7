"""Every model has its page in the back office, and facts cannot be edited there."""

import html
import json
from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib import admin
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import BrokerAccount, User
from apps.accounts.services import apikey_create, invitation_make
from apps.common.models import Outbox
from apps.instruments.models import Instrument
from apps.marketdata.models import GapLog, StoredCandle
from apps.strategies.models import LaneState, SignalRow, StrategyRun

pytestmark = pytest.mark.django_db
APPS = {"common", "audit", "accounts", "instruments", "marketdata", "strategies"}
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
    boss = User.objects.get(username="admin")
    invitation_make(actor=boss, email="new@example.com", role="trader")
    apikey_create(actor=boss, name="bot", scopes=["orders:read"], expires_at=now + timedelta(days=1))
    client.force_login(boss)
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


def change(run):
    return reverse("admin:strategies_strategyrun_change", args=[run.pk])


def form(run, **changes):
    chosen = list(run.instruments.values_list("pk", flat=True))
    fields = {"owner": run.owner_id, "account": run.account_id, "name": run.name, "strategy": run.strategy}
    fields |= {"params": json.dumps(run.params), "sizing": run.sizing, "timeframe": run.timeframe}
    return fields | {"instruments": chosen} | changes


def test_actions_start_and_stop_runs_and_say_what_went_wrong(office):
    run = StrategyRun.objects.first()
    page = reverse("admin:strategies_strategyrun_changelist")
    office.post(page, {"action": "stop", "_selected_action": [run.pk], "sure": "yes"})
    run.refresh_from_db()
    assert run.state == "stopping"
    answer = office.post(page, {"action": "start", "_selected_action": [run.pk]}, follow=True)
    assert "a stopping run cannot start" in answer.content.decode()


def test_a_run_at_work_is_not_changed_in_what_decides(office):
    run = StrategyRun.objects.get(name="Euro crosses")
    office.post(change(run), form(run, sizing="units:999999", name="Renamed"))
    run.refresh_from_db()
    assert (run.name, run.sizing) == ("Renamed", "units:50000")


@pytest.mark.parametrize(
    "changes, sentence",
    [
        ({"params": '{"fast": 60, "slow": 21}'}, "fast (60) must be smaller than slow (21)"),
        ({"sizing": "everything"}, "cannot read sizing"),
        ({"timeframe": 61}, "no timeframe is 61 s long"),
        ({"strategy": "magic"}, "no strategy is called"),
    ],
)
def test_a_stopped_run_is_changed_only_into_one_that_can_run(office, changes, sentence):
    StrategyRun.objects.update(state="stopped")
    run = StrategyRun.objects.get(name="Euro crosses")
    answer = office.post(change(run), form(run, **changes))
    assert answer.status_code == 200 and sentence in html.unescape(answer.content.decode())
    assert office.post(change(run), form(run, sizing="units:2000")).status_code == 302
    run.refresh_from_db()
    assert run.sizing == "units:2000"


def test_an_account_does_not_go_live_by_a_tick_in_a_form(office):
    account = BrokerAccount.objects.first()
    fields = {"owner": account.owner_id, "name": account.name, "broker": "paper", "currency": "USD"}
    inline = {"grants-TOTAL_FORMS": 0, "grants-INITIAL_FORMS": 0}
    page = reverse("admin:accounts_brokeraccount_change", args=[account.pk])
    live = {"mode": "live", "live_enabled": "on", "starting_cash": "5"}
    assert office.post(page, fields | inline | live).status_code == 302
    account.refresh_from_db()
    assert (account.mode, account.live_enabled, account.starting_cash) == ("dry_run", False, 5)
