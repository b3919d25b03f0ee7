"""Runs and the kill switch from the pages, through the services only."""

from __future__ import annotations

from django.urls import reverse

from apps.dashboard.selectors import usage_list
from apps.domain.risk import TradingState
from apps.risk.models import KillSwitch, Scope
from apps.risk.services import limits_set
from apps.strategies.models import RunState, StrategyRun
from tests import builders


def form(shop, **said):
    first = {"name": "Crosses", "instruments": [shop.instrument.number], "timeframe": "60", "sizing": "units"}
    return first | {"amount": "25", "p_fast": "9", "p_slow": "21", "p_short": "on"} | said


def test_a_run_is_made_from_the_registrys_form(shop):
    answer = shop.client.post(reverse("dashboard:strategy-new", args=["ema_cross"]), form(shop))
    run = StrategyRun.objects.get()
    assert answer.headers["Location"] == reverse("dashboard:run", args=[run.pk])
    assert (run.state, run.params, run.sizing) == ("draft", {"fast": 9, "slow": 21, "short": True}, "units:25")


def test_make_and_start_does_both(shop):
    shop.client.post(reverse("dashboard:strategy-new", args=["ema_cross"]), form(shop, start="1"))
    assert StrategyRun.objects.get().state == RunState.RUNNING


def test_parameters_that_do_not_go_together_are_told_beside_the_field(shop):
    answer = shop.client.post(reverse("dashboard:strategy-new", args=["ema_cross"]), form(shop, p_fast="50"))
    assert "must be smaller than slow" in answer.content.decode()
    assert not StrategyRun.objects.exists()


def test_a_run_is_started_and_stopped_by_its_owner_only(shop):
    run = builders.run(shop.account, [shop.instrument])
    start, stop = reverse("dashboard:run-start", args=[run.pk]), reverse("dashboard:run-stop", args=[run.pk])
    assert shop.reader.post(start).status_code == 404
    shop.client.post(start)
    run.refresh_from_db()
    assert run.state == RunState.RUNNING
    shop.client.post(stop)
    run.refresh_from_db()
    assert run.state == RunState.STOPPING


def test_get_changes_nothing(shop):
    run = builders.run(shop.account, [shop.instrument])
    for name, args in (("run-start", [run.pk]), ("kill-pull", []), ("account-choose", [])):
        assert shop.client.get(reverse(f"dashboard:{name}", args=args)).status_code == 405


def test_the_switch_is_pulled_and_armed_again(shop):
    said = {"scope": "user", "scope_id": shop.trader.pk}
    shop.client.post(reverse("dashboard:kill-pull"), said)
    assert KillSwitch.objects.get().state == TradingState.HALTED
    assert "Halted" in shop.client.get("/").content.decode()
    shop.client.post(reverse("dashboard:kill-rearm"), said)
    assert KillSwitch.objects.get().state == TradingState.TRADING


def test_nobody_pulls_a_switch_that_is_not_theirs(shop):
    for scope, key in ((Scope.INSTALLATION, 0), (Scope.USER, shop.trader.pk + 1000), (Scope.ACCOUNT, 10**6)):
        answer = shop.client.post(reverse("dashboard:kill-pull"), {"scope": scope, "scope_id": key})
        assert answer.status_code == 404
    reader = shop.reader.post(reverse("dashboard:kill-pull"), {"scope": "account", "scope_id": shop.account.pk})
    assert reader.status_code == 404
    assert not KillSwitch.objects.exists()


def test_usage_bars_show_what_is_left(shop):
    limits_set(actor=shop.trader, scope=Scope.ACCOUNT, scope_id=shop.account.pk, max_open_orders=4)
    bars = {bar.label: bar for bar in usage_list(actor=shop.trader, account=shop.account)}
    assert (bars["Orders working"].percent, int(bars["Orders working"].limit)) == (0, 4)
