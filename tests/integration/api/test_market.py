"""Prices over REST: candles as columns with indicators, last quotes, calendars, catalogues."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from rest_framework.test import APIClient

from apps.domain.indicators.registry import INDICATORS
from apps.domain.strategies import STRATEGIES
from apps.domain.studies import Study
from apps.marketdata.selectors import candles_load
from tests.integration.api.market import CANDLES, START, Open


@pytest.fixture
def candles(market: Open) -> str:
    return f"/api/v1/instruments/{market.instrument.number}/candles"


def test_candles_come_as_columns_oldest_first(trader: APIClient, candles: str) -> None:
    told = trader.get(candles, {"timeframe": "5m", "limit": 10}).json()
    assert told["close"] == [100.0 + n for n in range(CANDLES - 10, CANDLES)]
    assert {len(told[name]) for name in ("start_ms", "open", "high", "low", "volume")} == {10}
    assert told["timeframe"] == "5m" and told["more"] is True


def test_the_past_is_walked_by_the_oldest_start_known(trader: APIClient, candles: str) -> None:
    newest = trader.get(candles, {"limit": 20}).json()
    at = np.datetime_as_string(np.datetime64(newest["start_ms"][0], "ms"), timezone="UTC")
    older = trader.get(candles, {"limit": 40, "before": at}).json()
    assert older["start_ms"] + newest["start_ms"] == [int(START.timestamp()) * 1000 + n * 300_000 for n in range(60)]


def test_indicators_are_those_of_a_whole_run_over_the_history(trader: APIClient, market: Open, candles: str) -> None:
    wanted = ["ema(5)", "macd(3,6,4)"]
    told = trader.get(candles, {"limit": 15, "indicator": wanted}).json()["indicators"]
    study = Study(wanted)
    whole = study.close(candles_load(instrument=market.instrument.number, timeframe=300, limit=CANDLES))[-15:]
    assert list(told) == list(study.labels)
    for place, label in enumerate(study.labels):
        assert told[label] == pytest.approx(whole[:, place], abs=1e-6)


def test_an_indicator_that_warms_up_says_null(trader: APIClient, candles: str) -> None:
    told = trader.get(candles, {"limit": 60, "indicator": "sma(50)"}).json()["indicators"]["sma(50)"]
    assert told[:49] == [None] * 49 and told[49] == 124.5


@pytest.mark.parametrize(
    "wrong",
    [
        {"timeframe": "7m"}, {"timeframe": ""}, {"limit": "0"}, {"limit": "2001"}, {"indicator": "nosuch(3)"},
        {"indicator": "ema(0)"}, {"indicator": "ema(NaN)"}, {"indicator": "__import__('os')"},
        {"before": "1969-12-31T23:59:59Z"},
        {"before": "9999-12-31T23:59:59Z"}, {"before": "yesterday"}, {"before": "'; DROP TABLE candle; --"},
        {"indicator": ["sma(2)"] * 13},
    ],
)  # fmt: skip
def test_a_wish_that_makes_no_sense_is_refused(trader: APIClient, candles: str, wrong: dict[str, Any]) -> None:
    answer = trader.get(candles, wrong)
    assert answer.status_code == 400 and answer.json()["errors"], answer.content


def test_the_last_quotes(trader: APIClient, market: Open) -> None:
    number = market.instrument.number
    told = trader.get("/api/v1/quotes", {"instrument": [number, 999]}).json()["results"]
    assert [(row["instrument"], row["price"], row["bid"]) for row in told] == [(number, 100.0, None)]
    assert trader.get("/api/v1/quotes").json()["results"] == told


def test_venues_say_whether_they_are_open(trader: APIClient, market: Open) -> None:
    venue = trader.get("/api/v1/venues").json()["results"][0]
    assert venue["code"] == market.instrument.venue.code
    assert venue["clock"]["state"] == "open"  # crypto never sleeps


def test_instruments_are_found(trader: APIClient, market: Open) -> None:
    def found(**query: str) -> list[int]:
        return [row["number"] for row in trader.get("/api/v1/instruments", query).json()["results"]]

    number, symbol = market.instrument.number, market.instrument.symbol
    assert found(search=symbol.lower()) == found(kind="equity") == found(venue=market.instrument.venue.code) == [number]
    assert found(search="100% _ nothing") == found(kind="crypto") == []


def test_the_catalogues_are_whole(trader: APIClient) -> None:
    told = trader.get("/api/v1/indicators").json()["results"]
    assert [each["name"] for each in told] == list(INDICATORS)
    strategies = trader.get("/api/v1/strategies").json()["results"]
    assert [each["key"] for each in strategies] == list(STRATEGIES)
    for each in strategies:
        assert [param["default"] for param in each["params"]] == [p.default for p in STRATEGIES[each["key"]].params]


def test_an_account_is_worth_what_it_holds(trader: APIClient, market: Open) -> None:
    told = trader.get(f"/api/v1/accounts/{market.account.pk}/summary").json()
    assert (told["cash"], told["value"], told["equity"]) == ("99698.25", "300", "99998.25")
    assert told["holdings"][0] | {"qty": "3", "avg_price": "100.5", "unrealised": "-1.5"} == told["holdings"][0]
    lines = trader.get(f"/api/v1/accounts/{market.account.pk}/ledger", {"currency": "USD"}).json()["results"]
    assert sum(float(line["amount"]) for line in lines) == 0
    assert trader.get("/api/v1/positions").json()["results"][0]["qty"] == "3"
    assert len(trader.get(f"/api/v1/accounts/{market.account.pk}/equity").json()["results"]) == 1


def test_the_kill_switch_halts_cancels_and_flattens(trader: APIClient, market: Open) -> None:
    wish = {"scope": "account", "scope_id": market.account.pk, "reason": "enough"}
    told = trader.post("/api/v1/kill-switches/pull", wish, headers={"Idempotency-Key": "pull-it-now"}).json()
    assert (told["cancels"], told["flattens"], told["switch"]["state"]) == (1, 1, "halted")
    again = trader.post("/api/v1/kill-switches/pull", wish, headers={"Idempotency-Key": "pull-it-now"})
    assert again.json() == told and again["Idempotent-Replayed"] == "true"
    assert trader.get(f"/api/v1/kill-switches/{told['switch']['id']}/left").json() == {"state": "halted", "left": 3}
    wish.pop("reason")
    assert trader.post("/api/v1/kill-switches/rearm", wish | {"reduce_only": True}).json()["state"] == "reduce_only"
