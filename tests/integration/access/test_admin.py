"""The back office: for admins whole, for everybody else closed, whatever its address."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.core.cache import cache

from tests import builders
from tests.integration.access.walk import ACTORS, Address, addresses, asked, client_of
from tests.integration.api.market import Open, open_market

OPEN = {"admin:login", "admin:jsi18n"}  # the page where one signs in, and the words its scripts use
OFFICE = [each for each in addresses() if each.route.startswith("admin/") and "(?P" not in each.route]


@pytest.fixture
def market(db: None) -> Iterator[Open]:
    cache.clear()
    with open_market() as made:
        yield made


def url_of(address: Address) -> str:
    """An address with a key in every hole of its pattern."""
    return "/" + re.sub(r"<[^>]+>", "1", address.route)


def test_there_is_an_office_to_walk():
    assert len(OFFICE) > 100


@pytest.mark.parametrize("actor", [actor for actor in ACTORS if actor != "admin"])
def test_nobody_but_admins_gets_past_its_door(market, actor):
    passed, client = [], client_of(market, actor)
    for address in OFFICE:
        if address.name in OPEN:
            continue
        for method in ("get", "post"):
            answer = asked(client, method, url_of(address))
            inside = answer.status_code != 302 or not answer.headers["Location"].startswith("/admin/login/")
            if inside and answer.status_code not in (403, 404):
                passed.append((address.name, method, answer.status_code))
    assert [each for each in passed if each[0] != "admin:logout"] == []


def test_an_admin_gets_everywhere_without_a_broken_page(market):
    broken, client = [], client_of(market, "admin")
    for address in OFFICE:
        if address.name != "admin:logout":
            status = asked(client, "get", url_of(address)).status_code
            if status >= 500:
                broken.append((address.name, status))
    assert broken == []


def test_who_is_staff_and_no_admin_has_only_what_they_were_given(market):
    market.clerk = builders.trader(is_staff=True)
    allowed = {"admin:index", "admin:logout", "admin:password_change", "admin:password_change_done", *OPEN}
    allowed |= {"admin:search", "admin:toggle_sidebar"}
    passed, client = [], client_of(market, "clerk")
    for address in OFFICE:
        if address.name in allowed:
            continue
        answer = asked(client, "get", url_of(address))
        sent_back = answer.headers.get("Location") == "/admin/" or address.name == "admin:None"  # or an old address
        if answer.status_code not in (403, 404) and not sent_back:
            passed.append((address.name, answer.status_code))
    assert passed == []
