"""Rows and steps tell the same story; who may read it; the back office reads and asks, nothing more."""

from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from apps.domain.errors import IllegalTransition, NotFound
from apps.execution.facts import _WORKING
from apps.execution.services import fill_apply, order_ask_cancel
from apps.orders.models import Order
from apps.orders.selectors import fill_list, order_get, order_list, order_rebuild, orders_drifted, orders_working
from apps.risk.models import KillSwitch
from tests import builders
from tests.integration.money import Desk


def rebuild(*args: str) -> str:
    out = StringIO()
    call_command("orders_rebuild", *args, stdout=out)
    return out.getvalue()


def test_a_row_that_somebody_changed_by_hand_is_found_and_repaired(desk):
    order = desk.order()
    fill_apply(desk.fill(order, "1"))
    Order.objects.filter(pk=order.pk).update(status="cancelled", is_working=False)
    with pytest.raises(CommandError, match="1 orders differ"):
        rebuild("--check")
    assert "1 orders repaired" in rebuild()
    order.refresh_from_db()
    assert (order.status, order.is_working) == ("partial", True)
    assert "what its steps say" in rebuild("--check") and not list(orders_drifted())


def test_decimals_come_back_to_the_last_digit_even_from_sqlite(desk):
    price = "12345678901.123456789012345678"
    order = desk.order()
    fill_apply(desk.fill(order, "0.000000000000000001", price=price))
    row = order.fills.get()
    assert (str(row.price), row.qty) == (price, Decimal("1e-18"))
    assert order_rebuild(order) == Order.objects.get().state


def test_orders_of_others_are_not_there_and_granted_ones_are(desk):
    order, stranger, reader = desk.order(), builders.trader(), builders.investor()
    fill_apply(desk.fill(order))
    desk.account.grants.create(investor=reader)
    assert not order_list(actor=stranger) and not fill_list(actor=stranger)
    with pytest.raises(NotFound):
        order_get(actor=stranger, order_id=order.pk)
    for actor in (reader, builders.admin(), desk.account.owner):
        assert order_get(actor=actor, order_id=order.pk) == order and fill_list(actor=actor).count() == 1
    with pytest.raises(NotFound):
        order_ask_cancel(actor=reader, order_id=order.pk)


def test_what_works_after_a_restart_is_what_has_not_ended(desk):
    working, done = desk.order(), desk.order(qty="1")
    fill_apply(desk.fill(done))
    assert list(orders_working()) == [working]
    with pytest.raises(IllegalTransition, match="a filled order cannot ask_cancel"):
        order_ask_cancel(actor=desk.account.owner, order_id=done.pk)


def test_the_index_of_working_orders_is_used(desk):
    if connection.vendor != "sqlite":
        pytest.skip("asks SQLite's own planner")
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {_WORKING}", [1])
        assert "order_working (is_working=? AND account_id=?)" in str(cursor.fetchall())
    assert "order_working (is_working=? AND account_id=?)" in orders_working(account_id=1).explain()


@pytest.fixture
def office(desk: Desk) -> Client:
    client = Client()
    client.force_login(builders.admin())
    return client


@pytest.mark.parametrize(
    "page",
    [
        "orders/order",
        "orders/fill",
        "orders/orderevent",
        "portfolio/position",
        "portfolio/cash",
        "portfolio/ledgerentry",
        "portfolio/daystart",
        "portfolio/equitysnapshot",
        "portfolio/fxrate",
        "risk/risklimit",
        "risk/killswitch",
        "risk/riskdecision",
    ],
)
def test_every_page_of_the_back_office_opens(office, desk, page):
    fill_apply(desk.fill(desk.order()))
    assert office.get(f"/admin/{page}/").status_code == 200


def test_the_back_office_shows_an_order_with_its_steps_and_cannot_change_it(office, desk):
    order = desk.order()
    page = office.get(f"/admin/orders/order/{order.pk}/change/")
    assert page.status_code == 200 and b"allow" in page.content
    assert office.get("/admin/orders/order/add/").status_code == 403
    assert office.post(f"/admin/orders/order/{order.pk}/delete/").status_code == 403


def test_the_back_office_asks_for_a_cancel(office, desk):
    order = desk.order()
    office.post(
        "/admin/orders/order/",
        {"action": "ask_cancel", "_selected_action": [order.pk], "sure": "yes", "reason": "drill"},
    )
    assert Order.objects.get().status == "pending_cancel"


def test_the_back_office_pulls_and_re_arms(office, desk):
    desk.order()
    KillSwitch.objects.create(scope="installation", state="trading", changed_by=desk.account.owner)
    for action, state, order in (("pull", "halted", "pending_cancel"), ("re_arm", "trading", "pending_cancel")):
        chosen = {"action": action, "_selected_action": [KillSwitch.objects.get().pk], "sure": "yes", "reason": "drill"}
        assert office.post("/admin/risk/killswitch/", chosen).status_code == 302
        assert (KillSwitch.objects.get().state, Order.objects.get().status) == (state, order)
