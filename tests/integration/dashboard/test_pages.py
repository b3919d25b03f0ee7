"""Every page answers, says nothing inline, and shows a reader nothing to press."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import reverse

from apps.dashboard.views.market import FOUND_AT_MOST
from apps.domain.strategies import STRATEGIES
from tests import builders

PAGES = ("overview", "market", "orders", "positions", "strategies", "risk", "system")
INLINE = re.compile(r"<[^>]+\s(style|on[a-z]+)=|<style|<script(?![^>]*\ssrc=)(?![^>]*application/json)", re.IGNORECASE)


def pages(shop):
    run = builders.run(shop.account, [shop.instrument])
    return [
        *(reverse(f"dashboard:{name}") for name in PAGES),
        reverse("dashboard:instrument", args=[shop.instrument.symbol]),
        reverse("dashboard:run", args=[run.pk]),
        *(reverse("dashboard:panel", args=[name]) for name in ("positions", "recent_orders", "decisions", "runs")),
    ]


def test_every_page_answers_a_trader_and_a_reader_without_a_word_inline(shop):
    for url in pages(shop):
        for client in (shop.client, shop.reader):
            answer = client.get(url)
            assert answer.status_code == 200, url
            assert not INLINE.search(answer.content.decode()), url
            assert "unsafe-inline" not in answer["Content-Security-Policy"]


def test_who_has_no_account_is_told_why_a_page_is_empty(shop):
    lonely = Client()
    lonely.force_login(builders.trader())
    for url in pages(shop)[:7]:
        assert lonely.get(url).status_code == 200
    assert "No account to look at" in lonely.get("/").content.decode()


def test_nobody_sees_a_page_without_signing_in(shop):
    for url in pages(shop):
        assert Client().get(url).headers["Location"].startswith("/login/")


def test_a_reader_is_given_no_ticket_no_switch_and_no_new_run(shop):
    for url in pages(shop):
        shown = shop.reader.get(url).content.decode()
        assert "data-ticket-form" not in shown
        assert "data-hold" not in shown
    assert shop.reader.get(reverse("dashboard:strategy-choose")).status_code == 404


def test_somebody_elses_run_and_order_look_like_missing_ones(shop):
    stranger = Client()
    stranger.force_login(builders.trader())
    run = builders.run(shop.account, [shop.instrument])
    for url in (reverse("dashboard:run", args=[run.pk]), reverse("dashboard:order", args=[1])):
        answer = stranger.get(url)
        assert answer.status_code == 404
        assert "Traceback" not in answer.content.decode()


def test_only_an_own_account_can_be_chosen_and_the_way_back_stays_here(shop):
    other = builders.account()
    url = reverse("dashboard:account-choose")
    assert shop.client.post(url, {"account": other.pk}).status_code == 404
    answer = shop.client.post(url, {"account": shop.account.pk, "next": "https://elsewhere.example/"})
    assert answer.headers["Location"] == "/"


def test_a_wrong_password_is_answered_with_a_sentence(db):
    answer = Client().post(reverse("login"), {"username": "nobody", "password": "wrong"})
    assert 'role="alert"' in answer.content.decode()


@pytest.mark.parametrize("key", STRATEGIES)
def test_each_strategy_has_a_form_with_every_parameter(shop, key):
    shown = shop.client.get(reverse("dashboard:strategy-new", args=[key])).content.decode()
    assert all(f'name="p_{param.name}"' in shown for param in STRATEGIES[key].params)


# --- market watch


def test_an_instrument_is_found_added_and_taken_off(shop):
    number = shop.instrument.number
    found = shop.client.get(reverse("dashboard:market-search"), {"q": shop.instrument.symbol.lower()})
    assert shop.instrument.symbol in found.content.decode()
    added = shop.client.post(reverse("dashboard:market-add"), {"instrument": number}, headers={"HX-Request": "true"})
    assert f'data-number="{number}"' in added.content.decode()
    gone = shop.client.post(reverse("dashboard:market-remove"), {"instrument": number}, headers={"HX-Request": "true"})
    assert "Your list is empty" in gone.content.decode()


def test_a_search_shows_a_handful(shop):
    for _ in range(FOUND_AT_MOST + 3):
        builders.instrument()
    shown = shop.client.get(reverse("dashboard:market-search"), {"q": "instrument"}).content.decode()
    assert shown.count("data-found") == FOUND_AT_MOST


def test_a_fragment_that_cannot_be_made_says_why_in_a_header(shop):
    answer = shop.client.post(reverse("dashboard:market-add"), {"instrument": 0}, headers={"HX-Request": "true"})
    assert answer.status_code == 404
    assert "no%20instrument" in answer["X-Velox-Message"]
