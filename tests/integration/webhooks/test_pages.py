"""Owners make, read, rotate and replay; nobody else sees that there is anything."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse

from apps.audit.models import AuditEntry
from apps.domain.errors import RuleBroken
from apps.marketdata.quotes import board
from apps.orders.models import Order
from apps.webhooks.models import Verdict, Webhook, WebhookDelivery
from tests import builders
from tests.integration.dashboard.test_pages import INLINE
from tests.integration.money import quote


@pytest.fixture
def owner(sender):
    client = Client()
    client.force_login(sender.hook.owner)
    return client


def last() -> WebhookDelivery:
    return WebhookDelivery.objects.latest("pk")


def test_its_address_is_shown_once_and_works(sender, owner):
    account = sender.desk.account
    shown = owner.post(reverse("webhooks:new"), {"name": "breakout", "account": account.pk, "per_minute": 5})
    assert "no-store" in shown.headers["Cache-Control"]
    path = re.search(r"http://testserver(/hooks/[^<]+)<", shown.content.decode())[1]
    assert sender.post(sender.wish(), path=path).status_code == 201
    later = owner.get(reverse("webhooks:hook", args=[Webhook.objects.latest("pk").pk])).content.decode()
    assert path not in later


def test_a_form_that_cannot_be_used_says_why(sender, owner):
    said = {"name": "trend", "account": sender.desk.account.pk, "per_minute": 5, "addresses": "my house"}
    shown = owner.post(reverse("webhooks:new"), said).content.decode()
    assert "named trend already" in shown or "is not an address" in shown
    assert Webhook.objects.count() == 1


def test_every_page_answers_without_a_word_inline(sender, owner):
    sender.post(sender.wish())
    urls = [
        reverse("webhooks:hooks"),
        reverse("webhooks:new"),
        reverse("webhooks:hook", args=[sender.hook.pk]),
        reverse("webhooks:hook", args=[sender.hook.pk]) + "?verdict=placed&page=9",
        reverse("webhooks:delivery", args=[last().pk]),
    ]
    for url in urls:
        answer = owner.get(url)
        assert answer.status_code == 200, url
        assert not INLINE.search(answer.content.decode()), url
    assert sender.opened.secret not in "".join(owner.get(url).content.decode() for url in urls)


def test_a_body_is_shown_as_text_whatever_it_says(sender, owner):
    sender.post(b'{"side": "</textarea><script>alert(1)</script>"}')
    shown = owner.get(reverse("webhooks:delivery", args=[last().pk])).content.decode()
    assert "<script>alert" not in shown


# --- replays


def test_a_replay_places_what_could_not_be_placed_and_then_never_again(sender, owner):
    price = board.get(sender.desk.instrument.number)
    board.clear()
    sender.post(sender.wish(id=None))
    failed = last()
    quote(sender.desk.instrument.number, 100, event_ns=price.event_ns, seen_ns=price.seen_ns)
    for _ in range(3):
        owner.post(reverse("webhooks:replay", args=[failed.pk]))
    owner.post(reverse("webhooks:replay", args=[last().pk]))  # a replay of a replay
    assert Order.objects.count() == 1
    assert [row.verdict for row in WebhookDelivery.objects.order_by("pk")] == [
        *(Verdict.FAILED, Verdict.PLACED, Verdict.REPEATED, Verdict.REPEATED, Verdict.REPEATED)
    ]


def test_what_was_never_proven_is_not_replayed(sender, owner):
    sender.post(sender.wish(), headers={"X-Velox-Signature": "t=1,v1=" + "0" * 64})
    owner.post(reverse("webhooks:replay", args=[last().pk]))
    assert not Order.objects.exists()
    assert WebhookDelivery.objects.count() == 1


def test_the_log_is_written_once(sender):
    sender.post(sender.wish())
    row = last()
    row.verdict = Verdict.FAILED
    for change in (row.save, row.delete, WebhookDelivery.objects.all().delete):
        with pytest.raises(RuleBroken):
            change()
    with pytest.raises(RuleBroken):
        WebhookDelivery.objects.update(verdict=Verdict.FAILED)


# --- others


def test_somebody_elses_hook_looks_like_a_missing_one(sender):
    sender.post(sender.wish())
    stranger = Client()
    stranger.force_login(builders.trader())
    own = {"hook": sender.hook.pk, "rotate": sender.hook.pk, "switch": sender.hook.pk}
    own |= {"delivery": last().pk, "replay": last().pk}
    for name, key in own.items():
        url = reverse(f"webhooks:{name}", args=[key])
        method = stranger.get if name in ("hook", "delivery") else stranger.post
        assert method(url).status_code == 404, name
    assert sender.hook.is_active
    assert sender.hook.name not in stranger.get(reverse("webhooks:hooks")).content.decode()


def test_who_may_not_trade_has_no_webhooks(sender):
    reader = Client()
    reader.force_login(builders.investor())
    for name in ("hooks", "new"):
        assert reader.get(reverse(f"webhooks:{name}")).status_code == 404


def test_making_turning_and_replaying_are_in_the_trail_without_a_secret(sender, owner):
    sender.post(sender.wish())
    shown = owner.post(reverse("webhooks:rotate", args=[sender.hook.pk])).content.decode()
    owner.post(reverse("webhooks:switch", args=[sender.hook.pk]), {"on": "0"})
    owner.post(reverse("webhooks:switch", args=[sender.hook.pk]), {"on": "1"})
    owner.post(reverse("webhooks:replay", args=[last().pk]))
    entries = AuditEntry.objects.filter(action__startswith="webhook.").order_by("number")
    told = [entry.action.removeprefix("webhook.") for entry in entries]
    assert told == ["created", "rotated", "disabled", "enabled", "replayed"]
    secret = re.search(r"/hooks/\w+/([^<]+)<", shown)[1]
    assert not any(secret in f"{entry.before}{entry.after}" for entry in AuditEntry.objects.all())
