"""What people do is in the trail: every door, every service, with who and what."""

import ast
from decimal import Decimal
from pathlib import Path

import pytest
from django.contrib.admin.models import LogEntry

from apps.accounts.services import account_open, user_create
from apps.audit.models import AuditEntry
from apps.audit.verify import audit_verify
from apps.domain.risk import TradingState
from apps.execution.kill import kill_switch_pull, kill_switch_rearm
from apps.execution.services import order_ask_cancel
from apps.instruments.models import Venue
from apps.orders.models import Order
from apps.risk.models import RiskLimit, Scope
from apps.risk.services import limits_set
from apps.strategies.services import run_create, run_start, run_stop
from tests import builders

ROOT = Path(__file__).parents[3]
pytestmark = pytest.mark.django_db


@pytest.fixture
def office(client):
    client.force_login(builders.admin(username="boss"))
    return client


def last(action):
    return AuditEntry.objects.filter(action=action).first()


def changes(action):
    return {name: (before, after) for name, before, after in last(action).changes}


def test_runs_are_made_started_and_stopped_by_somebody(desk):
    owner = desk.account.owner
    run = run_create(
        actor=owner,
        account_id=desk.account.pk,
        name="mine",
        strategy="ema_cross",
        instruments=[desk.instrument.number],
        timeframe=60,
    )
    run_start(actor=owner, run_id=run.pk)
    run_start(actor=owner, run_id=run.pk)  # changes nothing
    run_stop(actor=owner, run_id=run.pk)
    told = AuditEntry.objects.filter(target_type="strategies.strategyrun", target_id=str(run.pk)).order_by("number")
    assert [entry.action for entry in told] == ["run.created", "run.started", "run.stop_asked"]
    assert {entry.actor_id for entry in told} == {owner.pk}
    assert changes("run.started")["version"][1] and changes("run.stop_asked")["state"] == ("running", "stopping")


def test_an_order_placed_by_hand_and_its_cancel_are_told(desk):
    decision = desk.ticket("buy", "2", order_type="limit", limit_price=Decimal(99))
    told = changes("order.placed")
    assert (told["side"][1], told["qty"][1], told["allowed"][1]) == ("buy", "2", True)
    assert told["instrument"][1] == desk.instrument.symbol
    order = Order.objects.get(client_order_id=decision.client_order_id)
    order_ask_cancel(actor=desk.account.owner, order_id=order.pk)
    assert changes("order.cancel_asked")["status"][1] == "pending_cancel"
    assert AuditEntry.objects.filter(action="order.placed").count() == 1


def test_an_order_the_door_refuses_is_told_as_refused(desk):
    limits_set(actor=builders.admin(), scope=Scope.INSTALLATION, max_order_qty=Decimal(1))
    decision = desk.ticket("buy", "2")
    told = changes("order.placed")
    assert not decision.allowed and told["allowed"][1] is False and told["code"][1] == decision.code


def test_a_strategys_own_orders_are_not_told_twice(desk):
    """They are facts of their own with a history each; the trail is about people."""
    desk.submit()
    assert not AuditEntry.objects.filter(action__startswith="order.").exists()


def test_limits_are_told_before_and_after():
    boss = builders.admin()
    limits_set(actor=boss, scope=Scope.INSTALLATION, max_order_qty=Decimal(5), max_open_orders=3)
    limits_set(actor=boss, scope=Scope.INSTALLATION, max_order_qty=Decimal(9), max_open_orders=3)
    assert changes("limits.set") == {"max_order_qty": ("5", "9")}


def test_the_kill_switch_is_told_each_way(desk):
    owner = desk.account.owner
    kill_switch_pull(actor=owner, scope=Scope.USER, scope_id=owner.pk, reason="enough")
    assert changes("switch.pulled")["state"] == ("trading", "halted")
    assert changes("switch.pulled")["reason"][1] == "enough"
    kill_switch_rearm(actor=owner, scope=Scope.USER, scope_id=owner.pk)
    assert changes("switch.armed")["state"] == ("halted", TradingState.TRADING.value)


def test_people_and_accounts_are_told():
    owner = user_create(username="new", email="new@example.com", password="a-long-password", role="trader")
    account_open(owner=owner, name="A", currency="USD", starting_cash=Decimal(5))
    assert last("user.created").target == "new" and changes("account.opened")["currency"] == (None, "USD")
    assert "a-long-password" not in str(list(AuditEntry.objects.values_list()))


def test_a_change_in_the_back_office_is_told_with_its_values(office):
    row = RiskLimit.objects.create(scope="installation", max_order_qty=5)
    page = f"/admin/risk/risklimit/{row.pk}/change/"
    assert office.post(page, {"scope": "installation", "scope_id": 0, "max_order_qty": "7"}).status_code == 302
    entry = last("admin.changed")
    assert (entry.actor, entry.target_type, entry.target_id) == ("boss", "risk.risklimit", str(row.pk))
    before, after = changes("admin.changed")["max_order_qty"]
    assert (float(before), float(after)) == (5, 7)
    office.post(f"/admin/risk/risklimit/{row.pk}/delete/", {"post": "yes"})
    assert changes("admin.deleted")["scope"] == ("installation", None)


def test_what_is_added_in_the_back_office_is_told(office):
    office.post("/admin/instruments/venue/add/", {"code": "XX", "name": "X", "zone": "UTC", "calendar": "CRYPTO"})
    assert changes("admin.added")["code"] == (None, "XX") and Venue.objects.filter(code="XX").exists()


def test_pages_that_nobody_made_special_are_told_as_well(office):
    """Watchlists have no AuditedAdmin; Django's own log entry is enough."""
    trader = builders.trader()
    said = {"owner": trader.pk, "name": "Mine", "entries-TOTAL_FORMS": 0, "entries-INITIAL_FORMS": 0}
    office.post("/admin/instruments/watchlist/add/", said)
    assert LogEntry.objects.count() == AuditEntry.objects.filter(action="admin.added").count() == 1
    assert "Mine" in changes("admin.added")["thing"][1]


def test_all_of_it_makes_one_whole_chain(desk, office):
    desk.ticket()
    office.post("/admin/auth/group/add/", {"name": "night shift"})
    kill_switch_pull(actor=desk.account.owner, scope=Scope.ACCOUNT, scope_id=desk.account.pk, reason="x")
    assert audit_verify().whole


# --- the back office's own page


def test_the_trail_is_read_filtered_and_verified_in_the_back_office_and_not_touched(office, settings, tmp_path):
    settings.AUDIT_DIR = tmp_path
    office.post("/admin/auth/group/add/", {"name": "night shift"})
    entry = last("admin.added")
    assert office.get("/admin/audit/auditentry/?action=admin.added&q=boss").status_code == 200
    page = office.get(f"/admin/audit/auditentry/{entry.pk}/change/").content.decode()
    assert "night shift" in page and entry.hash in page and 'name="_save"' not in page
    for verb in ("add/", f"{entry.pk}/delete/"):
        assert office.get(f"/admin/audit/auditentry/{verb}").status_code == 403
    verified = office.get("/admin/audit/auditentry/verify", follow=True).content.decode()
    assert "the trail is what was written" in verified


def test_a_page_of_the_trail_never_breaks_out_of_its_markup(office):
    office.post("/admin/auth/group/add/", {"name": "<script>alert(1)</script>"})
    page = office.get(f"/admin/audit/auditentry/{last('admin.added').pk}/change/").content.decode()
    assert "<script>alert(1)</script>" not in page


def test_every_action_in_the_code_is_explained_in_the_docs():
    told = (ROOT / "docs" / "audit.md").read_text("utf-8")
    used = set()
    for source in (ROOT / "apps").rglob("*.py"):
        for node in ast.walk(ast.parse(source.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("audit_record", "_note"):
                words = [each for part in [*node.args, *(k.value for k in node.keywords if k.arg == "action")] for each in ast.walk(part)]
                used |= {each.value for each in words if isinstance(each, ast.Constant) and isinstance(each.value, str) and "." in each.value}
    assert len(used) > 25
    missing = sorted(action for action in used if f"`{action}`" not in told)
    assert not missing
