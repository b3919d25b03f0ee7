"""A chart's history has the shape of the live channel, and its errors are sentences."""

from __future__ import annotations

import json

import numpy as np
import pytest
from django.urls import reverse

from apps.dashboard.charts import catalogue
from apps.domain.frames import CANDLE
from apps.domain.indicators.registry import INDICATORS
from apps.domain.studies import Study
from apps.marketdata.services import candles_store

MINUTE = 60_000_000_000
START = 1_795_000_020_000_000_000 // MINUTE * MINUTE


def candles(instrument, count):
    made = np.zeros(count, CANDLE)
    made["instrument"], made["timeframe"] = instrument, 60
    made["start_ns"] = START + MINUTE * np.arange(count)
    made["end_ns"], made["session_ns"] = made["start_ns"] + MINUTE, START
    close = 100 + np.sin(np.arange(count) / 7) * 5
    made["open"], made["close"] = np.roll(close, 1), close
    made["high"], made["low"], made["volume"] = close + 6, close - 6, 10
    return made


@pytest.fixture
def history(shop):
    made = candles(shop.instrument.number, 900)
    candles_store(made)
    url = reverse("dashboard:chart-history", args=[shop.instrument.number])

    def ask(**params):
        answer = shop.client.get(url, {"timeframe": "1m"} | params)
        return answer.status_code, json.loads(answer.content), answer

    return made, ask


def test_a_page_has_final_rows_with_indicator_values_as_the_study_gives_them(history):
    made, ask = history
    status, told, _ = ask(indicators="ema(20);macd(12,26,9)", limit=50)
    expected = Study(["ema(20)", "macd(12,26,9)"]).close(made)[-50:]
    assert (status, len(told["rows"]), told["more"]) == (200, 50, True)
    assert told["columns"] == ["ema(20)", "macd(12,26,9).macd", "macd(12,26,9).signal", "macd(12,26,9).histogram"]
    assert all(row[6] == 1 for row in told["rows"])
    np.testing.assert_allclose([row[7:] for row in told["rows"]], expected, rtol=1e-5)


def test_pages_of_the_past_join_without_a_hole_and_may_be_cached(history):
    _, ask = history
    newest = ask(limit=100)[1]["rows"]
    _, older, answer = ask(limit=100, before=newest[0][0])
    assert older["rows"][-1][0] + 60_000 == newest[0][0]
    assert "max-age" in answer["Cache-Control"]


def test_values_that_are_not_there_yet_are_null(history):
    _, ask = history
    rows = ask(indicators="sma(850)", limit=900)[1]["rows"]
    assert rows[0][7] is None and rows[-1][7] is not None


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"indicators": "nonsense(3)"}, "no indicator is called"),
        ({"indicators": "ema(0)"}, "period"),
        ({"timeframe": "7m"}, "no timeframe is called"),
        ({"before": "yesterday"}, "before must be a whole number"),
    ],
)
def test_what_cannot_be_drawn_is_a_problem_in_words(history, params, words):
    status, told, _ = history[1](**params)
    assert status == 400
    assert words in told["message"]


def test_the_catalogue_has_every_indicator_with_its_ranges(shop):
    told = json.loads(shop.client.get(reverse("dashboard:chart-indicators")).content)
    assert [each["name"] for each in told] == list(INDICATORS)
    assert told == json.loads(json.dumps(catalogue()))
    assert all(param["low"] <= param["default"] <= param["high"] for each in told for param in each["params"])
