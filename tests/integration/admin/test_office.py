"""The back office opens everywhere, does what services do, asks before what cannot be undone, edits no fact."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.contrib import admin
from django.test import Client
from django.utils import timezone

from apps.accounts.models import BrokerAccount, User
from apps.audit.models import AuditEntry
from apps.audit.verify import audit_verify
from apps.common.admin import ReadOnlyAdmin
from apps.common.models import Outbox
from apps.dashboard.office import first_since
from apps.domain.risk import TradingState
from apps.marketdata.models import GapLog, StoredCandle
from apps.orders.models import Fill, Order, OrderEvent
from apps.portfolio.models import Cash, DayStart, EquitySnapshot, LedgerEntry, Position
from apps.risk.models import KillSwitch, RiskDecision, RiskLimit, Scope
from apps.risk.selectors import state_for
from apps.strategies.models import LaneState, RunState, SignalRow, StrategyRun
from apps.strategies.services import run_start
from apps.webhooks.models import Webhook, WebhookDelivery
from tests import builders

FACTS = [
    *(Order, OrderEvent, Fill, Position, Cash, LedgerEntry, DayStart, EquitySnapshot),
    *(RiskDecision, KillSwitch, AuditEntry, SignalRow, LaneState, StoredCandle, GapLog, Outbox),
    *(Webhook, WebhookDelivery),
]
MODELS = list(admin.site._registry)


def values(model):
    return list(model.objects.order_by("pk").values())


# --- it opens


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_list_opens_is_searched_and_shows_a_row(office, model):
    page = office.url(model)
    assert office.client.get(page).status_code == 200
    assert office.client.get(page, {"q": "7"}).status_code in (200, 302)
    row = model.objects.first()
    assert row is not None, f"the fixture has no {model.__name__}"
    assert office.client.get(office.url(model, "change", row.pk)).status_code == 200


def test_every_list_is_in_the_sidebar(office):
    shown = office.client.get("/admin/").content.decode()
    assert [model.__name__ for model in MODELS if f'href="{office.url(model)}"' not in shown] == []


def test_the_page_of_today_counts_what_there_is(office):
    shown = office.client.get("/admin/").content.decode()
    told = dict(re.findall(r"<span>([\w ]+)</span><strong>([\d,]+)</strong>", shown))
    assert (told["Orders today"], told["Fills today"], told["Accounts"]) == ("2", "1", "1")
    assert "failed and can be replayed: 1" in shown
    assert "order.placed" in shown


def test_the_page_of_today_names_what_waits_for_a_person(office):
    office.act(office.market.account, "pull", sure="yes", reason="fat finger")
    shown = office.client.get("/admin/").content.decode()
    assert "stands at halted: fat finger" in shown


def test_it_opens_in_an_installation_where_nothing_has_happened(db):
    client = Client()
    client.force_login(builders.admin())
    shown = client.get("/admin/").content.decode()
    assert "No order yet today." in shown
    assert "Nothing has been recorded yet." in shown


def test_its_queries_do_not_grow_with_the_orders(office, django_assert_max_num_queries):
    with django_assert_max_num_queries(60):
        office.client.get("/admin/")


def test_the_first_row_of_a_day_is_found_by_halving(office):
    keys = list(Order.objects.order_by("pk").values_list("pk", flat=True))
    for place, key in enumerate(keys):
        Order.objects.filter(pk=key).update(created_at=timezone.now() - timedelta(hours=len(keys) - place))
    assert first_since(Order, timezone.now() - timedelta(hours=1.5)) == keys[-1]
    assert first_since(Order, timezone.now() - timedelta(days=9)) <= keys[0]
    assert first_since(Order, timezone.now()) > keys[-1]


def test_amounts_are_shown_as_they_are(office):
    for page in (office.url(Fill), office.url(Order, "change", office.market.filled.pk)):
        shown = office.client.get(page).content.decode()
        assert "100.5" in shown
        assert "100.50" not in shown


# --- what must not be edited is not


@pytest.mark.parametrize("model", FACTS, ids=lambda model: model.__name__)
def test_a_fact_is_neither_made_nor_changed_nor_deleted(office, model):
    row, before = model.objects.first(), values(model)
    assert row is not None
    posted = {field.attname: "1" for field in model._meta.concrete_fields} | {"_save": "Save"}
    assert office.client.post(office.url(model, "change", row.pk), posted).status_code == 403
    assert office.client.post(office.url(model, "add"), posted).status_code == 403
    assert office.client.post(office.url(model, "delete", row.pk), {"post": "yes"}).status_code == 403
    office.act(row, "delete_selected", post="yes")
    assert values(model) == before


def test_all_that_is_history_has_the_door_for_history():
    assert [model.__name__ for model in FACTS if not isinstance(admin.site._registry[model], ReadOnlyAdmin)] == []


def test_no_inline_lets_a_fact_be_edited(office):
    order = office.market.filled
    inlines = {"events": OrderEvent, "fills": Fill}
    posted = {"_save": "Save"}
    for prefix, model in inlines.items():
        row = model.objects.filter(order=order).first()
        posted |= {f"{prefix}-TOTAL_FORMS": "1", f"{prefix}-INITIAL_FORMS": "1", f"{prefix}-0-id": row.pk}
        posted |= {f"{prefix}-0-order": order.pk, f"{prefix}-0-qty": "99", f"{prefix}-0-DELETE": "on"}
    before = values(Fill), values(OrderEvent)
    assert office.client.post(office.url(order, "change", order.pk), posted).status_code == 403
    assert (values(Fill), values(OrderEvent)) == before


def test_no_page_shows_what_opens_a_door(office):
    hidden = [office.hook.digest, office.hook.signing_key, office.market.trader.password]
    for row in (office.hook, office.market.key):
        shown = office.client.get(office.url(row, "change", row.pk)).content.decode()
        assert not any(secret and secret in shown for secret in [*hidden, getattr(row, "digest", "")])
    assert "token_blacklist" not in office.client.get("/admin/").content.decode()
    assert office.client.get("/admin/token_blacklist/outstandingtoken/").status_code == 404


# --- actions


def test_nothing_happens_before_one_says_yes(office):
    order = office.market.order
    asked = office.act(order, "ask_cancel")
    assert "Ask to cancel" in asked.content.decode()
    order.refresh_from_db()
    assert order.status == "new"
    office.act(order, "ask_cancel", sure="yes")
    order.refresh_from_db()
    assert order.status == "pending_cancel"
    assert AuditEntry.objects.first().action == "order.cancel_asked"


def test_a_cancel_that_comes_too_late_says_so(office):
    said = office.act(office.market.filled, "ask_cancel", sure="yes").content.decode()
    assert "cannot" in said
    assert "1 cancels" not in said


def test_an_account_is_halted_with_a_reason_and_rearmed(office):
    account = office.market.account
    assert "Say why" in office.act(account, "pull", sure="yes", reason=" ").content.decode()
    assert not _halted(account)
    office.act(account, "pull", sure="yes", reason="asked by phone")
    assert _halted(account)
    assert KillSwitch.objects.get(scope=Scope.ACCOUNT, scope_id=account.pk).reason == "asked by phone"
    assert not any(order.status == "new" for order in Order.objects.filter(pk=office.market.order.pk))
    assert AuditEntry.objects.first().action == "switch.pulled"
    office.act(account, "re_arm", sure="yes", reason="called back")
    assert not _halted(account)


def test_a_person_is_halted_on_all_their_accounts(office):
    office.act(office.market.trader, "pull", sure="yes", reason="left the firm")
    assert _halted(office.market.account)
    assert KillSwitch.objects.filter(scope=Scope.USER, scope_id=office.market.trader.pk).exists()


def _halted(account: BrokerAccount) -> bool:
    return state_for(user_id=account.owner_id, account_id=account.pk) is TradingState.HALTED


def test_runs_are_stopped_and_parked_with_the_reason_their_owner_sees(office):
    run = office.market.run
    run_start(actor=office.market.trader, run_id=run.pk)
    office.act(run, "park", sure="yes", reason="too many orders")
    run.refresh_from_db()
    assert (run.state, run.reason) == (RunState.PARKED, f"{office.market.admin}: too many orders")
    assert AuditEntry.objects.first().action == "run.parked"
    office.act(run, "stop", sure="yes")
    run.refresh_from_db()
    assert run.state == RunState.STOPPED


def test_keys_are_revoked_and_webhooks_switched_off(office):
    key = office.market.key
    office.act(key, "revoke", sure="yes")
    office.act(office.hook, "switch_off", sure="yes")
    key.refresh_from_db()
    office.hook.refresh_from_db()
    assert (key.state, office.hook.is_active) == ("revoked", False)


def test_somebodys_sessions_are_ended(office):
    theirs = Client()
    theirs.force_login(office.market.trader)
    assert theirs.get("/").status_code == 200
    office.act(office.market.trader, "end_sessions")
    assert theirs.get("/").status_code == 200
    office.act(office.market.trader, "end_sessions", sure="yes")
    assert theirs.get("/").status_code == 302


def test_the_trail_is_anchored_by_a_post_only(office, settings, tmp_path):
    settings.AUDIT_DIR = tmp_path
    page = office.url(AuditEntry) + "anchor/"
    assert "Anchor" in office.client.get(page).content.decode()
    assert not list(tmp_path.iterdir())
    office.client.post(page, {"sure": "yes"})
    assert len((tmp_path / "anchors.log").read_text().splitlines()) == 1


def test_what_an_admin_edits_is_in_the_trail_with_both_values(office):
    limit = office.market.limits
    said = {"scope": limit.scope, "scope_id": limit.scope_id, "max_open_orders": 7, "trading_hours_only": "unknown"}
    assert office.client.post(office.url(limit, "change", limit.pk), said).status_code == 302
    assert RiskLimit.objects.get(pk=limit.pk).max_open_orders == 7
    entry = AuditEntry.objects.first()
    assert ("max_open_orders", 90, 7) in entry.changes
    assert audit_verify([]).whole


def test_a_limit_below_zero_is_refused(office):
    limit = office.market.limits
    said = {"scope": limit.scope, "scope_id": limit.scope_id, "max_daily_loss": "-1", "trading_hours_only": "unknown"}
    assert "zero or more" in office.client.post(office.url(limit, "change", limit.pk), said).content.decode()


def test_the_admins_own_policy_holds_in_the_admin_only(office):
    assert "unsafe-eval" in office.client.get("/admin/")["Content-Security-Policy"]
    for page in ("/", "/webhooks/"):
        assert "unsafe" not in office.client.get(page)["Content-Security-Policy"]


def test_staff_is_not_enough_for_models_without_permission(office):
    clerk = builders.trader(is_staff=True)
    client = Client()
    client.force_login(clerk)
    assert client.get("/admin/").status_code == 200
    assert client.get(office.url(User)).status_code == 403
    assert client.get(office.url(StrategyRun)).status_code == 403
