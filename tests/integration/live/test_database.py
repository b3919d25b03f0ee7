"""The hub's questions against real rows: what a channel shows, and that it shows nobody else's."""

from __future__ import annotations

import time
from datetime import timedelta
from decimal import Decimal

import msgspec
import pytest
from asgiref.sync import async_to_sync
from django.utils import timezone
from rest_framework_simplejwt.tokens import RefreshToken

from apps.accounts.models import Grant
from apps.accounts.services import apikey_create, apikeys_revoke_all
from apps.dashboard.live.database import DatabaseSources
from apps.dashboard.live.visitors import Credential, Visitor
from apps.domain.errors import BadInput, NotFound
from apps.instruments.models import Watchlist, WatchlistEntry
from apps.risk.models import RiskDecision
from tests import builders
from tests.integration.live.house import key_of, token_of

pytestmark = pytest.mark.django_db(transaction=True)

sources = DatabaseSources()
snapshot = async_to_sync(sources.snapshot)
readings = async_to_sync(sources.readings)


def test_an_account_shows_what_it_holds_and_is_worth() -> None:
    account = builders.account(starting_cash=Decimal("1000.50"))
    shown = snapshot(account.owner, f"account:{account.pk}")
    assert shown["account"]["id"] == account.pk and shown["account"]["mode"] == "dry_run"
    assert Decimal(shown["equity"]["equity"]) == Decimal("1000.50")
    assert shown["orders"] == shown["fills"] == shown["positions"] == shown["risk"] == []
    msgspec.json.encode(shown)


def test_somebody_elses_account_is_not_found_in_any_way() -> None:
    account = builders.account()
    for question in (snapshot, readings):
        with pytest.raises(NotFound):
            question(builders.trader(), f"account:{account.pk}")


def test_an_investor_sees_the_account_granted_to_them() -> None:
    account, investor = builders.account(), builders.investor()
    Grant.objects.create(account=account, investor=investor)
    assert snapshot(investor, f"account:{account.pk}")["account"]["id"] == account.pk


def test_runs_are_told_one_by_one_when_they_change() -> None:
    run = builders.run()
    before = readings(run.owner, "runs")
    run.state = "running"
    run.save()
    after = readings(run.owner, "runs")
    assert [(each.key, each.kind) for each in after] == [(str(run.pk), "run")]
    assert (before[0].body["state"], after[0].body["state"]) == ("draft", "running")
    assert readings(builders.trader(), "runs") == []


def test_the_status_shows_the_clock_of_every_market_in_use() -> None:
    builders.instrument()
    shown = snapshot(builders.trader(), "status")
    assert shown["market"] == [{"calendar": "CRYPTO", "state": "open", "changes_ms": shown["market"][0]["changes_ms"]}]
    assert shown["kill"] == []


def test_a_symbol_is_found_whatever_its_case_and_an_unknown_one_is_not_found() -> None:
    made = builders.instrument(symbol="XAUUSD")
    user = builders.trader()
    assert async_to_sync(sources.instrument)(user, "xauusd") == made.number
    with pytest.raises(NotFound):
        async_to_sync(sources.instrument)(user, "NOPE")


def test_a_chart_needs_an_instrument_and_indicators_that_exist() -> None:
    made, user = builders.instrument(symbol="XAUUSD"), builders.trader()
    find = async_to_sync(sources.chart_instrument)
    assert find(user, "XAUUSD", ("ema(20)", "macd(12,26,9)")) == made.number
    with pytest.raises(BadInput):
        find(user, "XAUUSD", ("magic(3)",))


def test_the_watchlist_is_all_of_the_users_lists() -> None:
    user, first, second = builders.trader(), builders.instrument(), builders.instrument()
    for name, instrument in (("a", first), ("b", second)):
        made = Watchlist.objects.create(owner=user, name=name)
        WatchlistEntry.objects.create(watchlist=made, instrument=instrument, position=1)
    assert async_to_sync(sources.watchlist)(user) == [first.number, second.number]
    assert async_to_sync(sources.watchlist)(builders.trader()) == []


def test_alerts_are_the_refusals_on_accounts_one_may_see_and_nobody_elses() -> None:
    account = builders.account()
    facts = {"account": account, "numbers": [["order_qty", "1", "50"]], "at_ns": 1_000_000}
    for name, allowed in (("a", False), ("b", True), ("c", False)):
        RiskDecision.objects.create(client_order_id=name, allowed=allowed, code="order_qty", **facts)
    shown = snapshot(account.owner, "alerts")
    assert [each["client_order_id"] for each in shown["refused"]] == ["c", "a"]
    told = readings(account.owner, "alerts")
    assert [(each.kind, each.key) for each in told] == [("refused", "a"), ("refused", "c"), ("kill", "kill")]
    assert snapshot(builders.trader(), "alerts") == {"refused": [], "kill": []}


def test_a_right_that_was_taken_back_closes_the_account() -> None:
    account, investor = builders.account(), builders.investor()
    grant = Grant.objects.create(account=account, investor=investor)
    still_open = async_to_sync(sources.account_open)
    still_open(investor, account.pk)
    grant.delete()
    with pytest.raises(NotFound):
        still_open(investor, account.pk)


def admit(kind: str, text: str, address: str = "10.0.0.7") -> Visitor:
    return async_to_sync(sources.admit)(Credential(kind, text), address)  # type: ignore[no-any-return]


def test_a_key_is_its_owner_within_its_scopes_until_it_is_revoked() -> None:
    owner = builders.trader()
    raw = key_of(owner, ["orders:read", "market:read"])
    visitor = admit("key", raw)
    assert (visitor.user, visitor.scopes, visitor.until_s) == (owner, {"market:read", "orders:read"}, None)
    assert visitor.holder == f"key:{raw[:11]}"  # what may be shown of it
    apikeys_revoke_all(actor=None, owner=owner)
    with pytest.raises(NotFound):
        admit("key", raw)


def test_a_key_bound_to_addresses_opens_nothing_from_elsewhere() -> None:
    at = timezone.now() + timedelta(hours=1)
    facts = {"name": "bound", "scopes": ["market:read"], "expires_at": at, "addresses": ["10.0.0.7"]}
    _, raw = apikey_create(actor=builders.trader(), **facts)
    assert admit("key", raw, "10.0.0.7").scopes == {"market:read"}
    with pytest.raises(NotFound):
        admit("key", raw, "10.0.0.8")


def test_an_access_token_is_its_user_until_it_ends_and_no_longer_than_the_password() -> None:
    user = builders.trader(password="secret-word")
    token = token_of(user)
    visitor = admit("token", token)
    assert (visitor.user, visitor.scopes) == (user, None)
    assert visitor.until_s is not None and 0 < visitor.until_s - time.time() <= 15 * 60
    user.set_password("another one")
    user.save()
    with pytest.raises(NotFound):
        admit("token", token)


@pytest.mark.parametrize("text", ["", "a.b.c", "\x00", "x" * 4_000, "eyJhbGciOiJub25lIn0.e30."])
def test_nonsense_is_nobodys_token(text: str) -> None:
    with pytest.raises(NotFound):
        admit("token", text)


def test_neither_a_refresh_token_nor_one_of_somebody_switched_off_opens_anything() -> None:
    user = builders.trader()
    with pytest.raises(NotFound):
        admit("token", str(RefreshToken.for_user(user)))
    token, key = token_of(user), key_of(user)
    user.is_active = False
    user.save()
    for kind, text in (("token", token), ("key", key)):
        with pytest.raises(NotFound):
            admit(kind, text)


def test_a_credential_does_not_show_in_a_log() -> None:
    assert "secret" not in repr(Credential("key", "vx_secret"))
