"""The ticket goes through the one risk door, once, and says what became of it."""

from __future__ import annotations

import uuid

from django.test import Client
from django.urls import reverse

from apps.dashboard.forms import TicketForm
from apps.domain.risk import TradingState
from apps.execution.facts import instruments
from apps.orders.models import Order
from apps.risk.models import RiskDecision, Scope
from apps.risk.services import switch_turn
from tests import builders
from tests.integration.dashboard.conftest import price_set


def ticket(**said):
    return {"side": "buy", "order_type": "market", "qty": "25", "validity": "day", "key": uuid.uuid4().hex} | said


def send(shop, client=None, **said):
    url = reverse("dashboard:ticket-send", args=[shop.instrument.number])
    return (client or shop.client).post(url, ticket(**said), headers={"HX-Request": "true"})


def test_a_ticket_becomes_an_order(shop):
    shown = send(shop).content.decode()
    assert "passed the risk door" in shown
    order = Order.objects.get()
    assert (order.side, int(order.qty), order.mode, order.tag) == ("buy", 25, "dry_run", "manual")


def test_the_same_ticket_sent_twice_is_one_order_and_the_next_ticket_another(shop):
    key = uuid.uuid4().hex
    first, second = send(shop, key=key), send(shop, key=key)
    assert Order.objects.count() == 1
    assert "passed the risk door" in second.content.decode()
    assert key not in first.content.decode()


def test_a_size_that_is_no_whole_lot_is_told_beside_the_field_and_nothing_is_sent(shop):
    shown = send(shop, qty="30").content.decode()
    assert "Trade in whole lots of 25." in shown
    assert not RiskDecision.objects.exists()


def test_a_limit_needs_a_price_on_a_tick(shop):
    assert "needs a price" in send(shop, order_type="limit").content.decode()
    assert "steps of 0.05" in send(shop, order_type="limit", limit_price="100.02").content.decode()
    assert "passed the risk door" in send(shop, order_type="limit", limit_price="100.05").content.decode()


def test_a_refused_ticket_says_so_in_the_doors_own_sentence(shop):
    switch_turn(
        actor=shop.trader, scope=Scope.ACCOUNT, scope_id=shop.account.pk, state=TradingState.HALTED, reason="lunch"
    )
    shown = send(shop).content.decode()
    assert "Refused by risk: nothing was sent" in shown
    assert RiskDecision.objects.get().reason in shown


def test_an_instrument_without_a_price_cannot_be_ordered_yet(shop):
    quiet = builders.instrument()
    url = reverse("dashboard:ticket-send", args=[quiet.number])
    shown = shop.client.post(url, ticket(qty="1"), headers={"HX-Request": "true"}).content.decode()
    assert "Nothing was sent" in shown
    assert not Order.objects.exists()


def test_an_account_without_an_exchange_rate_is_told_so(shop):
    foreign = builders.instrument(currency="INR")
    instruments.forget()
    price_set(foreign.number, 100.0)
    url = reverse("dashboard:ticket-send", args=[foreign.number])
    shown = shop.client.post(url, ticket(qty="1"), headers={"HX-Request": "true"}).content.decode()
    assert "has no rate for INR" in shown
    assert not Order.objects.exists()


def test_a_reader_can_neither_open_nor_send_a_ticket(shop):
    assert shop.reader.get(reverse("dashboard:ticket", args=[shop.instrument.number])).status_code == 404
    assert send(shop, shop.reader).status_code == 404
    assert not Order.objects.exists()


def test_a_post_without_its_csrf_token_is_refused(shop):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(shop.trader)
    assert send(shop, strict).status_code == 403
    assert not Order.objects.exists()


def test_a_blank_ticket_starts_at_one_lot_with_a_key_of_its_own(shop):
    one, other = TicketForm.blank(shop.instrument), TicketForm.blank(shop.instrument)
    assert one["qty"].value() == "25"
    assert one["key"].value() != other["key"].value()


def test_a_working_order_is_cancelled_by_its_owner_only(shop):
    send(shop, order_type="limit", limit_price="50.00")
    order = Order.objects.get()
    url = reverse("dashboard:order-cancel", args=[order.pk])
    assert shop.reader.post(url, headers={"HX-Request": "true"}).status_code == 404
    assert shop.client.post(url, headers={"HX-Request": "true"}).status_code == 204
    order.refresh_from_db()
    assert order.status == "pending_cancel"
