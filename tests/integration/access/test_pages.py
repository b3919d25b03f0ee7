"""Every page, health and hook address answers each kind of caller as its rule says."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from apps.common import health
from apps.webhooks.models import WebhookDelivery
from apps.webhooks.services import hook_create
from tests.integration.access.page_rules import LOGIN, PAGES, Rule
from tests.integration.access.walk import ACTORS, addresses, asked, client_of
from tests.integration.api.market import Open, open_market

POSTS = [name for name, rule in PAGES.items() if rule.method == "post" and name != "webhooks:door"]
OTHERS = ("api/", "admin/")  # walked by test_api.py and test_admin.py


@pytest.fixture
def market(db: None) -> Iterator[Open]:
    cache.clear()
    with open_market() as made:
        made.hook = hook_create(actor=made.trader, account_id=made.account.pk, name="trend").hook
        made.delivery = WebhookDelivery(hook=made.hook, body="{}", verdict="failed", status=400)
        made.delivery.save()
        yield made


def test_every_address_has_a_rule_and_every_rule_an_address():
    there = {each.name for each in addresses() if not each.route.startswith(OTHERS)}
    assert there == set(PAGES)


@pytest.fixture(autouse=True)
def no_stages(monkeypatch):
    """Ready or not does not hang on what this machine has fetched or started."""
    monkeypatch.setattr(health, "report", lambda: {"stages": "there are none in a test"})


@pytest.mark.parametrize("name", PAGES)
def test_it_answers_each_as_its_rule_says(market, name):
    rule = PAGES[name]
    url = reverse(name, args=rule.args(market))
    got = {actor: asked(client_of(market, actor), rule.method, url, rule.data(market)) for actor in ACTORS}
    assert {actor: answer.status_code for actor, answer in got.items()} == {
        actor: getattr(rule, actor) for actor in ACTORS
    }
    if rule.anonymous == LOGIN:
        assert got["anonymous"].headers["Location"].startswith("/login/")


@pytest.mark.parametrize("name", [name for name, rule in PAGES.items() if rule.missing])
def test_somebody_elses_looks_exactly_like_a_missing_one(market, name):
    rule = PAGES[name]
    theirs = reverse(name, args=rule.args(market))
    nobodys = reverse(name, args=rule.missing)
    for actor in ("stranger", "outsider"):
        one, other = (asked(client_of(market, actor), rule.method, url, rule.data(market)) for url in (theirs, nobodys))
        assert (one.status_code, other.status_code) == (404, 404)
        assert plain(one) == plain(other)


def plain(answer) -> str:
    """The page without what is new in every answer."""
    return re.sub(r"[0-9a-f]{32}|[A-Za-z0-9]{64}", "", answer.content.decode())


@pytest.mark.parametrize("name", POSTS)
def test_what_changes_something_is_never_done_by_a_get(market, name):
    rule: Rule = PAGES[name]
    answer = asked(client_of(market, "trader"), "get", reverse(name, args=rule.args(market)))
    assert answer.status_code == 405


@pytest.mark.parametrize("name", POSTS)
def test_what_changes_something_needs_the_forms_own_token(market, name):
    rule: Rule = PAGES[name]
    client = Client(enforce_csrf_checks=True)
    client.force_login(market.trader)
    assert client.post(reverse(name, args=rule.args(market)), rule.data(market)).status_code == 403
