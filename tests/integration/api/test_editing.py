"""Two people edit one thing: the second is told, and nothing of the first is lost."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from apps.risk.models import RiskLimit, Scope
from tests.integration.api.conftest import Client
from tests.integration.api.market import Open


@pytest.fixture
def limits(market: Open) -> str:
    return f"/api/v1/risk/limits/account/{market.account.pk}"


@pytest.fixture
def admin(market: Open, as_: Client) -> APIClient:
    return as_(market.admin)


def edit(client: APIClient, path: str, tag: str | None, **said: Any) -> Any:
    return client.patch(path, said, headers={} if tag is None else {"If-Match": tag})


def test_limits_are_edited_by_the_version_that_was_read(admin: APIClient, limits: str) -> None:
    read = admin.get(limits)
    written = edit(admin, limits, read["ETag"], max_daily_loss="2500.50", trading_hours_only=False)
    assert written.status_code == 200, written.content
    told = written.json()
    assert (told["max_daily_loss"], told["trading_hours_only"], told["max_open_orders"]) == ("2500.5", False, 90)
    assert written["ETag"] != read["ETag"] and admin.get(limits)["ETag"] == written["ETag"]


def test_the_second_of_two_is_told_and_overwrites_nothing(admin: APIClient, limits: str) -> None:
    tag = admin.get(limits)["ETag"]
    assert edit(admin, limits, tag, max_open_orders=10).status_code == 200
    late = edit(admin, limits, tag, max_open_orders=500)
    assert late.status_code == 412 and late.json()["code"] == "precondition_failed"
    assert RiskLimit.objects.get().max_open_orders == 10


def test_who_does_not_say_the_version_is_asked_for_it(admin: APIClient, limits: str) -> None:
    assert edit(admin, limits, None, max_open_orders=1).json()["code"] == "precondition_required"


def test_a_limit_is_taken_away_by_null(admin: APIClient, limits: str) -> None:
    assert edit(admin, limits, "*", max_open_orders=None).json()["max_open_orders"] is None


def test_a_scope_without_limits_can_be_given_some(admin: APIClient, market: Open) -> None:
    path = f"/api/v1/risk/limits/{Scope.INSTALLATION}/0"
    empty = admin.get(path)
    assert empty.json()["max_order_qty"] is None and empty.json()["updated_at"] is None
    assert edit(admin, path, empty["ETag"], max_order_qty="7").status_code == 200
    assert edit(admin, path, empty["ETag"], max_order_qty="8").status_code == 412


def test_a_trader_cannot_loosen_what_an_admin_has_set(trader: APIClient, limits: str) -> None:
    assert edit(trader, limits, trader.get(limits)["ETag"], max_open_orders=10**6).status_code == 403


def test_a_run_that_stands_still_is_edited(trader: APIClient, market: Open) -> None:
    path = f"/api/v1/runs/{market.run.pk}"
    said = {"name": " Better ", "params": {"fast": 5, "slow": 30}, "sizing": "cash:1000"}
    told = edit(trader, path, trader.get(path)["ETag"], **said).json()
    assert (told["name"], told["params"]["slow"], told["sizing"]) == ("Better", 30, "cash:1000")


def test_a_run_that_runs_is_left_alone(trader: APIClient, market: Open) -> None:
    path = f"/api/v1/runs/{market.running.pk}"
    refused = edit(trader, path, "*", sizing="units:5")
    assert refused.status_code == 409 and "stop the run" in refused.json()["detail"]


@pytest.mark.parametrize(
    "said",
    [{"params": {"fast": 0}}, {"params": {"nosuch": 1}}, {"sizing": "lots"}, {"name": "  "}, {"state": "running"}],
)
def test_a_run_is_not_edited_into_nonsense(trader: APIClient, market: Open, said: dict[str, Any]) -> None:
    path = f"/api/v1/runs/{market.run.pk}"
    before = trader.get(path).json()
    assert edit(trader, path, "*", **said).status_code == 400
    assert trader.get(path).json() == before


def test_a_run_is_started_and_stopped(trader: APIClient, market: Open) -> None:
    path = f"/api/v1/runs/{market.run.pk}"
    assert trader.post(f"{path}/start").json()["state"] == "running"
    assert trader.post(f"{path}/stop").json()["state"] == "stopping"
    assert trader.post(f"{path}/start").json()["code"] == "illegal_transition"
