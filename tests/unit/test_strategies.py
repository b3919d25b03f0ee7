"""The shipped strategies: their parameters, and what each does with a market made for it."""

from __future__ import annotations

import math
from decimal import Decimal
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.domain.backtest import Outcome, Plan, backtest
from apps.domain.errors import BadInput
from apps.domain.messages import Instrument, Side, utc
from apps.domain.sessions import CFD_INDEX, CRYPTO, Calendar, window_at
from apps.domain.strategies import STRATEGIES, params_parse
from apps.domain.strategies.base import Param
from tests.unit.ticks import SECOND, candle_rows

INSTRUMENT = Instrument(1, "US30", "CRYPTO", "USD", Decimal("0.1"))


def played(
    strategy: str, closes: list[float], calendar: Calendar = CRYPTO, start_ns: int = 0, **params: object
) -> Outcome:
    """One-minute candles through the closes given, each opening where the last closed."""
    rows = candle_rows(*[(a, max(a, b) + 0.2, min(a, b) - 0.2, b) for a, b in pairwise(closes)])
    rows["event_ns"] += start_ns
    return backtest(Plan(strategy, INSTRUMENT, calendar, 60, params, finish="mark"), [rows])


@pytest.mark.parametrize("key", STRATEGIES)
def test_defaults_lie_inside_their_ranges_and_every_parameter_is_explained(key: str) -> None:
    strategy = STRATEGIES[key]
    assert strategy.key == key and strategy.title and strategy.__doc__
    assert params_parse(strategy, {}) == {param.name: param.default for param in strategy.params}
    assert all(param.help for param in strategy.params)
    strategy()


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_a_number_out_of_range_or_no_number_is_refused_with_the_range(value: float) -> None:
    param = Param("x", 1.5, "a number", 0, 10)
    if 0 <= value <= 10:
        assert param.parse(value) == value
    else:
        with pytest.raises(BadInput, match="x must lie between 0 and 10"):
            param.parse(value)


@pytest.mark.parametrize(("raw", "says"), [("2.5", "whole number"), ("many", "whole number"), ("", "whole number")])
def test_a_whole_number_is_one(raw: str, says: str) -> None:
    with pytest.raises(BadInput, match=says):
        Param("n", 3, "count", 1, 9).parse(raw)


@pytest.mark.parametrize(("raw", "value"), [("on", True), ("false", False), ("", False), ("1", True)])
def test_a_box_of_a_form_is_yes_or_no(raw: str, value: bool) -> None:
    assert Param("b", True, "box").parse(raw) is value


def test_ema_cross_turns_with_the_market() -> None:
    outcome = played(
        "ema_cross", [100.0] * 12 + [100.0 + i for i in range(15)] + [115.0 - i for i in range(25)], fast=3, slow=8
    )
    sides = [fill.side for fill in outcome.journal.fills]
    assert sides == [Side.BUY, Side.SELL, Side.SELL]  # in, then out and short
    assert [trip.pnl > 0 for trip in outcome.trips] == [True]


def test_rsi_reversion_buys_weakness_and_sells_strength() -> None:
    fall, rise = [100.0 - i for i in range(12)], [89.0 + i for i in range(25)]
    outcome = played("rsi_reversion", [100.0, 100.1] * 8 + fall + rise, period=5)
    assert [fill.side for fill in outcome.journal.fills] == [Side.BUY, Side.SELL]
    bought, sold = outcome.journal.fills
    assert bought.at_ns < (16 + 12) * 60 * SECOND < sold.at_ns  # while it fell, and once it had risen again


def test_donchian_breakout_enters_beyond_the_channel_and_its_stop_holds() -> None:
    quiet = [100 + math.sin(i) / 4 for i in range(30)]
    outcome = played("donchian_breakout", [*quiet, 103.0, 106.0, 90.0, 89.0], entry=10, exit=5, atr=5)
    fills = outcome.journal.fills
    assert [fill.side for fill in fills[:2]] == [Side.BUY, Side.SELL]
    stops = [order for order in outcome.journal.orders if order.tag == "stop"]
    assert fills[1].price == stops[0].trigger_price  # the path inside a recorded candle is unbroken
    assert any(change.event == "trigger" for change in outcome.journal.changes)


def test_session_trend_trades_inside_its_session_only_and_is_flat_at_its_end() -> None:
    start = 1_767_623_400 * SECOND  # Monday 5 January 2026, 14:30 UTC: New York opens
    start -= 6 * 3600 * SECOND
    noise = np.random.default_rng(2)
    closes = (40_000 + np.cumsum(noise.normal(1.2, 4, 24 * 60))).round(1).tolist()
    outcome = played(
        "session_trend", closes, CFD_INDEX, start, session="new_york", trend_timeframe="15m", trend=5, trades=6,
    )  # fmt: skip
    assert len(outcome.trips) >= 2
    for trip in outcome.trips:
        window = window_at("new_york", trip.entry_ns)
        assert window is not None, utc(trip.entry_ns)
        assert trip.exit_ns <= window[1] + 60 * SECOND
    assert outcome.journal.fills[-1].side is not outcome.journal.fills[0].side or len(outcome.journal.fills) % 2 == 0


def test_sma_cross_with_all_cash_is_for_the_simulated_venue() -> None:
    outcome = played("sma_cross", [100.0 - i for i in range(8)] + [93.0 + i for i in range(12)], fast=2, slow=5)
    (fill,) = outcome.journal.fills
    assert fill.qty == Decimal(100_000) // fill.price
