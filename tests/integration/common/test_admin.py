"""Every model has its page in the back office, and facts cannot be edited there."""

import pytest
from django.contrib import admin
from django.core.management import call_command
from django.urls import reverse

from apps.accounts.models import User
from apps.common.models import Outbox
from apps.marketdata.models import StoredCandle
from apps.strategies.models import SignalRow

pytestmark = pytest.mark.django_db
OURS = [model for model in admin.site._registry if model.__module__.startswith("apps.")]


@pytest.fixture
def office(client):
    call_command("velox_demo", verbosity=0)
    client.force_login(User.objects.get(username="admin"))
    return client


@pytest.mark.parametrize("model", OURS, ids=lambda model: model.__name__)
def test_its_list_opens_and_can_be_searched(office, model):
    page = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    assert office.get(page).status_code == 200
    assert office.get(page, {"q": "gold"}).status_code == 200


@pytest.mark.parametrize("model", OURS, ids=lambda model: model.__name__)
def test_a_row_opens(office, model):
    row = model.objects.first()
    if row is None:
        pytest.skip("the demo makes none of these")
    page = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[row.pk])
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
