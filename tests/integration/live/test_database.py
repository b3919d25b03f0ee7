"""The hub's questions against real rows: what a channel shows, and that it shows nobody else's."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest
from asgiref.sync import async_to_sync

from apps.accounts.models import Grant
from apps.dashboard.live.database import DatabaseSources
from apps.domain.errors import BadInput, NotFound
from apps.instruments.models import Watchlist, WatchlistEntry
from tests import builders

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
