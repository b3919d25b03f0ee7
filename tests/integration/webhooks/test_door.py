"""A body becomes one order through the risk door, or a problem that says why not; nothing in between."""

from __future__ import annotations

import json
import logging
import time

import pytest
from django.conf import settings as site
from django.core.cache import cache
from django.db import connection
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.common.models import Outbox
from apps.domain.risk import TradingState
from apps.marketdata.quotes import board
from apps.orders.models import Order
from apps.risk.models import RiskDecision, Scope
from apps.risk.services import switch_turn
from apps.webhooks.models import Verdict, WebhookDelivery
from apps.webhooks.services import hook_create, hook_rotate, hook_switch
from apps.webhooks.services.deliveries import LARGEST
from apps.webhooks.signatures import HEADER, signature_make


def last() -> WebhookDelivery:
    return WebhookDelivery.objects.latest("pk")


def test_a_wish_becomes_the_owners_order_through_the_risk_door(sender):
    answer = sender.post(sender.wish())
    assert answer.status_code == 201, answer.content
    order = Order.objects.get()
    assert (order.account, order.side, order.qty, order.status) == (sender.desk.account, "buy", 2, "new")
    assert order.tag == f"webhook {sender.hook.public_id}"
    assert last().decision == RiskDecision.objects.get()
    assert answer.json()["order"] == order.pk


def test_a_tradingview_alert_becomes_an_order(sender):
    alert = {"ticker": sender.desk.instrument.symbol, "action": "sell", "contracts": "1", "price": "99.5"}
    assert sender.post(alert, content_type="text/plain; charset=utf-8").status_code == 201
    assert (Order.objects.get().side, Order.objects.get().order_type) == ("sell", "market")


@pytest.mark.parametrize("id_", ["one", None])
def test_sending_it_twice_is_one_order(sender, id_):
    first, second = sender.post(sender.wish(id=id_)), sender.post(sender.wish(id=id_))
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["client_order_id"] == second.json()["client_order_id"]
    assert second.json()["repeated"]
    assert Order.objects.count() == 1
    assert [row.verdict for row in WebhookDelivery.objects.order_by("pk")] == [Verdict.PLACED, Verdict.REPEATED]


def test_the_same_id_with_another_body_is_refused(sender):
    sender.post(sender.wish())
    answer = sender.post(sender.wish(qty="3"))
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert answer.json()["errors"][0]["field"] == "id"
    assert Order.objects.count() == 1


def test_two_hooks_of_an_account_may_use_the_same_ids(sender):
    other = hook_create(actor=sender.desk.account.owner, account_id=sender.desk.account.pk, name="other")
    sender.post(sender.wish())
    assert sender.post(sender.wish(qty="3"), path=other.path).status_code == 201


def test_what_the_risk_door_refuses_is_a_409_that_names_the_rule(sender):
    account = sender.desk.account
    switch_turn(
        actor=account.owner, scope=Scope.ACCOUNT, scope_id=account.pk, state=TradingState.HALTED, reason="stopped"
    )
    answer = sender.post(sender.wish())
    assert (answer.status_code, answer.json()["code"]) == (409, "risk_refused")
    assert answer.json()["facts"]["rule"] == last().decision.code
    assert Order.objects.get().status == "denied"
    assert sender.post(sender.wish()).status_code == 409
    assert Order.objects.count() == 1


# --- who gets in


def test_whatever_is_wrong_with_an_address_the_answer_is_the_same(sender):
    public_id = sender.hook.public_id
    nowhere = sender.post(sender.wish(), path="/hooks/000000000000/nothing")
    wrong = sender.post(sender.wish(), path=f"/hooks/{public_id}/nothing")
    hook_switch(actor=sender.hook.owner, hook_id=sender.hook.pk, on=False)
    off = sender.post(sender.wish())
    for answer in (nowhere, wrong, off):
        assert answer.status_code == 404
        assert answer.headers["Content-Type"] == "application/problem+json"
    strip = [
        {key: value for key, value in answer.json().items() if key not in ("instance", "request_id")}
        for answer in (nowhere, wrong, off)
    ]
    assert strip[0] == strip[1] == strip[2]
    assert not WebhookDelivery.objects.exists()


def test_a_missing_hook_costs_the_same_queries_as_a_wrong_secret(sender, django_assert_num_queries):
    for path in ("/hooks/000000000000/nothing", f"/hooks/{sender.hook.public_id}/nothing"):
        with django_assert_num_queries(1):
            sender.post(sender.wish(), path=path)


def test_from_elsewhere_the_address_is_not_there(sender):
    opened = hook_create(
        actor=sender.hook.owner, account_id=sender.desk.account.pk, name="here", addresses=["203.0.113.7"]
    )
    assert sender.post(sender.wish(), path=opened.path).status_code == 404
    assert sender.post(sender.wish(), path=opened.path, REMOTE_ADDR="203.0.113.7").status_code == 201


def test_a_new_address_ends_the_old_one(sender):
    opened = hook_rotate(actor=sender.hook.owner, hook_id=sender.hook.pk)
    assert sender.post(sender.wish()).status_code == 404
    assert sender.post(sender.wish(), path=opened.path).status_code == 201


def test_only_a_hash_of_the_secret_is_kept_and_no_answer_holds_it(sender):
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM webhooks_webhook")
        stored = str(cursor.fetchall())
    assert sender.opened.secret not in stored
    assert sender.opened.signing_key not in stored
    for answer in (
        sender.post(b"{"),
        sender.post(sender.wish(), content_type="image/png"),
        sender.client.get(sender.opened.path),
    ):
        assert sender.opened.secret not in answer.content.decode()


def test_the_log_file_never_holds_the_secret(sender):
    written = []
    handler = logging.Handler()
    handler.emit = lambda record: written.append(handler.format(record))
    handler.setFormatter(
        site.LOGGING["formatters"]["json"]["()"](
            **{key: value for key, value in site.LOGGING["formatters"]["json"].items() if key != "()"}
        )
    )
    root = logging.getLogger()
    root.addHandler(handler)
    level = root.level
    root.setLevel(logging.DEBUG)
    try:
        sender.post(sender.wish())
        logging.getLogger("django.request").error("Internal Server Error: %s", sender.opened.path)
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
    assert any("/hooks/" in line for line in written)
    assert not any(sender.opened.secret in line for line in written)


def test_a_hook_for_signed_bodies_takes_no_others(sender):
    opened = hook_create(actor=sender.hook.owner, account_id=sender.desk.account.pk, name="signed", signed_only=True)
    body = json.dumps(sender.wish()).encode()
    assert sender.post(body, path=opened.path).status_code == 401
    old = signature_make(opened.signing_key, body, int(time.time()) - 3600)
    assert sender.post(body, path=opened.path, headers={HEADER: old}).status_code == 401
    fresh = signature_make(opened.signing_key, body, int(time.time()))
    assert sender.post(body, path=opened.path, headers={HEADER: fresh}).status_code == 201
    assert sender.post(body, path=opened.path, headers={HEADER: fresh}).json()["repeated"]


def test_a_wrong_signature_is_refused_even_where_none_is_needed(sender):
    answer = sender.post(sender.wish(), headers={HEADER: "t=1,v1=" + "0" * 64})
    assert (answer.status_code, last().verdict) == (401, Verdict.UNSIGNED)


def test_more_than_it_may_is_put_off_and_kept_for_a_replay(sender):
    opened = hook_create(actor=sender.hook.owner, account_id=sender.desk.account.pk, name="slow", per_minute=2)
    answers = [sender.post(sender.wish(id=str(n), qty=n + 1), path=opened.path) for n in range(6)]
    assert [answer.status_code for answer in answers] == [201, 201, 429, 429, 429, 429]
    assert 1 <= int(answers[2].headers["Retry-After"]) <= 60
    assert WebhookDelivery.objects.filter(verdict=Verdict.THROTTLED).count() == 2  # a flood does not fill the log


def test_only_a_post_is_answered(sender):
    assert sender.client.get(sender.opened.path).status_code == 405


# --- what it may say


def nothing_was_done() -> bool:
    return not (Order.objects.exists() or RiskDecision.objects.exists() or Outbox.objects.exists())


@pytest.mark.parametrize(
    ("body", "kind", "status", "code"),
    [
        (b"x" * (LARGEST + 1), "application/json", 413, "body_too_large"),
        (b"<a/>", "text/xml", 415, "unsupported_media_type"),
        (b"side=buy", "application/x-www-form-urlencoded", 415, "unsupported_media_type"),
        (b"side=buy", "text/plain", 400, "bad_input"),
        (b" ", "application/json", 400, "bad_input"),
    ],
)
def test_a_body_that_is_no_wish_is_told_so(sender, body, kind, status, code):
    answer = sender.post(body, content_type=kind)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert nothing_was_done()


@pytest.mark.parametrize("symbol", ["NOWHERE", "'; DROP TABLE orders_order; --", "{{ 7*7 }}", "💥", "../../etc/passwd"])
def test_an_unknown_symbol_is_named(sender, symbol):
    answer = sender.post(sender.wish(symbol=symbol))
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "symbol")
    assert nothing_was_done()


def test_without_a_price_nothing_is_placed_and_a_replay_places_it(sender):
    board.clear()
    assert sender.post(sender.wish()).status_code == 400
    assert (last().verdict, nothing_was_done()) == (Verdict.FAILED, True)


NASTY = ["NaN", "-Infinity", "1e999999999", "0." + "0" * 60 + "1", "9" * 300]
NASTY += ["' OR 1=1 --", "{% load x %}", "\ud800", "\x00"]
PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40) | st.sampled_from(NASTY)
JUNK = PLAIN | st.lists(PLAIN, max_size=3) | st.dictionaries(st.text(max_size=5), PLAIN, max_size=2)


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    field=st.sampled_from(["side", "qty", "symbol", "type", "price", "trigger", "validity", "exit", "id"]), value=JUNK
)
def test_junk_in_any_field_is_an_order_or_a_problem_that_names_a_field(sender, field, value):
    cache.clear()
    orders = Order.objects.count()
    said = {"side": "buy", "qty": "1", "symbol": sender.desk.instrument.symbol, field: value}
    answer = sender.post(json.dumps(said).encode())
    told = answer.json()
    if answer.status_code >= 400 and told["code"] != "risk_refused":
        assert answer.status_code < 500, told
        assert told["errors"][0]["field"]
        assert told["errors"][0]["reason"]
        assert Order.objects.count() == orders
    else:
        assert Order.objects.count() in (orders, orders + 1)


# --- who may make one


def test_a_hook_dies_with_its_owners_right_to_trade(sender):
    owner = sender.hook.owner
    owner.role = "investor"
    owner.save()
    answer = sender.post(sender.wish())
    assert (answer.status_code, answer.json()["code"]) == (409, "rule_broken")
    assert nothing_was_done()


def test_a_hook_for_one_instrument_needs_no_symbol_and_takes_no_other(sender):
    opened = hook_create(
        actor=sender.hook.owner,
        account_id=sender.desk.account.pk,
        name="one",
        instrument=sender.desk.instrument.number,
    )
    said = sender.wish()
    del said["symbol"]
    assert sender.post(said, path=opened.path).status_code == 201
    assert sender.post(sender.wish(symbol="ELSE", id="2"), path=opened.path).status_code == 400


def test_another_browser_tab_with_a_session_gets_no_more_than_the_address_gives(sender):
    client = Client()
    client.force_login(sender.hook.owner)
    assert client.post("/hooks/000000000000/x", b"{}", content_type="application/json").status_code == 404
