"""What `velox_backtest --json` writes is what docs/backtest.schema.json says."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from django.core.management import call_command

from tests.unit.pages import ROOT, code_blocks

pytestmark = pytest.mark.django_db

SCHEMA = json.loads((ROOT / "docs" / "backtest.schema.json").read_text())
PAGE = ROOT / "docs" / "backtest-json.md"


@pytest.fixture
def prices(tmp_path: Path) -> Path:
    """Two days of one-minute candles that wander."""
    noise = np.random.default_rng(5)
    close = np.round(100 + np.cumsum(noise.normal(0, 0.3, 2880)), 2)
    rows = ["time,open,high,low,close,volume"]
    for minute, (opened, closed) in enumerate(zip(np.concatenate([[100.0], close[:-1]]), close, strict=True)):
        at = f"2024-01-{1 + minute // 1440:02}T{minute // 60 % 24:02}:{minute % 60:02}:00Z"
        high, low = max(opened, closed), min(opened, closed)
        rows.append(f"{at},{opened:.2f},{high:.2f},{low:.2f},{closed:.2f},10")
    path = tmp_path / "wander.csv"
    path.write_text("\n".join(rows) + "\n")
    return path


def backtest(strategy: str, data: Path, **options: Any) -> dict[str, Any]:
    out = data.parent / "out.json"
    call_command("velox_backtest", strategy, data=str(data), json=str(out), stdout=StringIO(), **options)
    return json.loads(out.read_text(), parse_constant=_no_json)  # type: ignore[no-any-return]


def _no_json(word: str) -> None:
    raise AssertionError(f"{word} is no JSON")


def check(document: Any, schema: Any = SCHEMA) -> None:
    jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker()).validate(document)


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize(
    ("strategy", "options", "filled"),
    [
        ("donchian_breakout", {"timeframe": "5m", "costs": "percent:0.001,min=1"}, "order_changes"),  # stops, cancels
        ("sma_cross", {"timeframe": "15m"}, "trades"),  # sized at the fill
        ("ema_cross", {"timeframe": "1m", "sizing": "units:0.5"}, "refusals"),  # less than one lot
        ("session_trend", {"timeframe": "5m", "param": ["session=london", "trades=5"], "risk": "safe"}, "orders"),
        ("rsi_reversion", {"timeframe": "1h", "finish": "mark", "param": ["low=1", "high=99"]}, "statistics"),
    ],
)
def test_a_real_result_fits(prices: Path, strategy: str, options: dict[str, Any], filled: str) -> None:
    document = backtest(strategy, prices, **options)
    check(document)
    assert document[filled]


def test_a_result_with_anything_more_or_less_does_not_fit(prices: Path) -> None:
    document = backtest("ema_cross", prices, timeframe="5m")
    for spoilt in (
        document | {"note": "more"},
        {key: value for key, value in document.items() if key != "equity"},
        document | {"equity": 100.0},
        document | {"fills": [document["fills"][0] | {"price": 1.5}]},
    ):
        with pytest.raises(jsonschema.ValidationError):
            check(spoilt)


def test_an_hour_that_doubles_the_money_has_no_yearly_growth(tmp_path: Path) -> None:
    """To the power of years it is infinite, which JSON cannot say."""
    price, rows = 100.0, ["time,open,high,low,close,volume"]
    for minute in range(60):
        before, price = price, round(price * (1.01 if minute > 20 else 0.998), 2)
        at = f"2024-01-01T00:{minute:02}:00Z"
        rows.append(f"{at},{before},{max(before, price)},{min(before, price)},{price},1")
    path = tmp_path / "rise.csv"
    path.write_text("\n".join(rows) + "\n")
    document = backtest("ema_cross", path, timeframe="1m", sizing="equity:500", param=["fast=2", "slow=5"])
    values = {stat["name"]: stat["value"] for stat in document["statistics"]}
    assert values["return_pct"] > 100
    assert values["cagr_pct"] is None


def test_the_same_input_gives_the_same_document(prices: Path) -> None:
    assert backtest("donchian_breakout", prices) == backtest("donchian_breakout", prices)


def test_the_page_names_every_key() -> None:
    text = PAGE.read_text()
    assert [key for key in SCHEMA["properties"] if f"`{key}`" not in text] == []


def test_the_lines_on_the_page_are_of_the_schema() -> None:
    (block,) = code_blocks(PAGE, "json")
    for line, kind in zip(block.splitlines(), ("signal", "order", "fill"), strict=True):
        some = {**SCHEMA["$defs"][kind], "required": [], "$defs": SCHEMA["$defs"]}
        check(json.loads(line), some)
