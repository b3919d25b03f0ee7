"""The example of the strategy recipe is a whole strategy that works."""

from __future__ import annotations

import importlib.util
import textwrap
from decimal import Decimal
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from apps.domain.backtest import Backtest, Plan
from apps.domain.errors import BadInput
from apps.domain.messages import Instrument, Side
from apps.domain.sessions import CRYPTO
from tests.unit.pages import ROOT
from tests.unit.ticks import candle_rows

RECIPE = ROOT / "docs" / "recipes" / "add-a-strategy.md"
INSTRUMENT = Instrument(1, "BTC-USD", "CRYPTO", "USD", Decimal("0.01"))


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    text = RECIPE.read_text().split("   ```python\n")[1].split("   ```")[0]
    file: Path = tmp_path_factory.mktemp("recipe") / "pullback.py"
    file.write_text(textwrap.dedent(text))
    spec = importlib.util.spec_from_file_location("pullback", file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def waves(count: int = 600) -> list[tuple[float, float, float, float]]:
    """Minutes of a rising market that takes a breath every now and then."""
    noise = np.random.default_rng(3)
    close = 100 + 0.02 * np.arange(count) + 1.5 * np.sin(np.arange(count) / 9) + noise.normal(0, 0.15, count)
    opened = np.concatenate([[100.0], close[:-1]])
    high, low = np.maximum(opened, close) + 0.2, np.minimum(opened, close) - 0.2
    return [tuple(np.round(row, 2)) for row in np.column_stack([opened, high, low, close])]


def test_the_example_trades_as_it_says(example: ModuleType) -> None:
    run = Backtest(Plan("pullback", INSTRUMENT, CRYPTO, 60), example.Pullback())
    for ticks in np.array_split(candle_rows(*waves()), 7):
        run.feed(ticks)
    outcome = run.outcome()

    entries = [order for order in outcome.journal.orders if order.side is Side.BUY]
    exits = [order for order in outcome.journal.orders if order.side is Side.SELL]
    assert len(entries) >= 3
    assert len(exits) == 2 * len(entries)  # a stop and a target each, no more
    assert all(order.exit and order.oco for order in exits)
    assert {trip.qty for trip in outcome.trips} == {Decimal(1)}  # never two at once, never short


def test_the_example_refuses_averages_the_wrong_way_round(example: ModuleType) -> None:
    with pytest.raises(BadInput, match="fast"):
        Backtest(Plan("pullback", INSTRUMENT, CRYPTO, 60), example.Pullback(fast=50, slow=40))
