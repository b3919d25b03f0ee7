"""What must hold on any candles at all, flat and silent ones included."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.domain.frames import CANDLE, CandleArray
from apps.domain.indicators.registry import INDICATORS, request
from apps.domain.indicators.spec import Pane
from apps.domain.studies import Floats, Study

MINUTE_NS = 60 * 10**9


@st.composite
def any_candles(draw: st.DrawFn) -> CandleArray:
    """Up to 300 candles from few levels, so that equal prices, flat ranges and gaps abound."""
    count = draw(st.integers(1, 300))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    levels = draw(st.sampled_from([1, 2, 5, 10_000]))
    four = 100.0 + np.round(rng.integers(0, levels, (4, count)) * draw(st.sampled_from([0.01, 1.0, 0.1])), 2)
    candles = np.zeros(count, CANDLE)
    candles["open"], candles["close"] = four[0], four[1]
    candles["high"], candles["low"] = four.max(axis=0), four.min(axis=0)
    candles["volume"] = rng.integers(0, 3, count) * draw(st.sampled_from([0.0, 1.0, 0.001]))
    candles["session_ns"] = np.arange(count) // 20 * 86_400 * 10**9
    candles["start_ns"] = candles["session_ns"] + np.arange(count) % 20 * MINUTE_NS
    return candles


def values(text: str, candles: CandleArray) -> Floats:
    return Study([text]).close(candles)


BOUNDS = {
    "rsi(3)": (0, 100), "stoch(5,2,2)": (0, 100), "stochrsi(3,4,2,2)": (0, 100), "willr(5)": (-100, 0),
    "mfi(4)": (0, 100), "cmf(5)": (-1, 1), "adx(4)": (0, 100), "stddev(7)": (0, np.inf), "atr(4)": (0, np.inf),
}  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(candles=any_candles())
def test_bounded_values_stay_in_their_bounds(candles):
    for text, (low, high) in BOUNDS.items():
        found = values(text, candles)
        found = found[~np.isnan(found)]
        slack = 1e-9 * max(1.0, abs(low))
        assert (found >= low - slack).all() and (found <= high + slack).all(), text


@settings(max_examples=60, deadline=None)
@given(candles=any_candles())
def test_every_value_is_a_number_once_warm(candles):
    for name, spec in INDICATORS.items():
        if spec.sessions is None:
            wanted = request(name)
            assert np.isfinite(values(str(wanted), candles)[wanted.warm_up - 1 :]).all(), name


@settings(max_examples=40, deadline=None)
@given(candles=any_candles())
def test_averages_and_channels_lie_within_the_prices_they_look_at(candles):
    low, high = candles["low"].min(), candles["high"].max()
    for text in ("sma(5)", "ema(5)", "rma(5)", "wma(5)", "kama(4,2,30)", "donchian(6)", "vwap()", "ichimoku(3,5,8)"):
        found = values(text, candles)
        found = found[~np.isnan(found)]
        assert (found >= low - 1e-9).all() and (found <= high + 1e-9).all(), text


@settings(max_examples=60, deadline=None)
@given(candles=any_candles(), n=st.integers(1, 12))
def test_extremes_are_those_of_the_window_whichever_candle_they_leave_with(candles, n):
    found, ages = values(f"donchian({n})", candles), values(f"aroon({n})", candles)
    for i in range(n - 1, len(candles)):
        window = candles[i - n + 1 : i + 1]
        assert found[i, 0] == window["high"].max() and found[i, 2] == window["low"].min()
    for i in range(n, len(candles)):
        age = int(np.argmax(candles["high"][i - n : i + 1][::-1]))  # of equals the newest
        assert ages[i, 0] == 100.0 * (n - age) / n


@settings(max_examples=40, deadline=None)
@given(candles=any_candles(), power=st.sampled_from([-3, 1, 7]))
def test_prices_in_another_unit_give_the_same_picture(candles, power):
    """Times a power of two nothing is rounded: what is in quote currency scales exactly, the rest stays."""
    scaled = candles.copy()
    for field in ("open", "high", "low", "close"):
        scaled[field] *= 2.0**power
    in_currency = {name for name, spec in INDICATORS.items() if spec.pane is Pane.OVERLAY}
    in_currency |= {"macd", "mom", "atr", "stddev", "linreg_slope"}
    for name, spec in INDICATORS.items():
        before, after = values(name, candles), values(name, scaled)
        factor = [2.0**power if name in in_currency and o.name != "direction" else 1.0 for o in spec.outputs]
        assert np.array_equal(after, before * factor, equal_nan=True), name


FLAT = {
    "rsi": 50, "stoch": 50, "stochrsi": 50, "willr": -50, "cci": 0, "roc": 0, "mom": 0, "zscore": 0, "stddev": 0,
    "atr": 0, "natr": 0, "macd": 0, "linreg_slope": 0, "mfi": 50, "cmf": 0,
    **dict.fromkeys(["sma", "ema", "wma", "dema", "tema", "hma", "kama", "rma", "bbands", "keltner", "donchian"], 0.7),
}  # fmt: skip


@pytest.mark.parametrize("name, expected", FLAT.items())
def test_a_price_that_never_moves_gives_the_value_the_docstring_names(name, expected):
    candles = np.zeros(200, CANDLE)
    for field in ("open", "high", "low", "close"):
        candles[field] = 0.7
    candles["volume"] = 3.0
    found = values(name, candles)[request(name).warm_up - 1 :]
    assert np.allclose(found, expected, rtol=1e-14, atol=0.0)


def test_adx_without_any_range_is_zero():
    assert (values("adx(3)", np.zeros(50, CANDLE))[6:] == 0.0).all()


@pytest.mark.parametrize("silence", [0.0, np.nan, -5.0])
@pytest.mark.parametrize("name, expected", [("vwap", np.nan), ("obv", 0.0), ("mfi", 50.0), ("cmf", 0.0)])
def test_no_volume_at_all(name, expected, silence):
    candles = np.zeros(60, CANDLE)
    candles["close"] = candles["high"] = 100.0 + np.arange(60)
    candles["low"], candles["volume"] = 99.0, silence
    assert np.array_equal(values(name, candles)[20:, 0], np.full(40, expected), equal_nan=True)


def test_a_session_joined_after_its_opening_has_no_opening_range():
    candles = np.zeros(10, CANDLE)
    candles["start_ns"] = (20 + np.arange(10)) * MINUTE_NS
    candles["high"], candles["low"] = 2.0, 1.0
    assert np.isnan(values("opening_range(15)", candles)).all()


def test_the_first_tick_of_a_session_starts_a_new_vwap_and_moves_the_pivots():
    candles = np.zeros(2, CANDLE)
    candles["session_ns"] = candles["start_ns"] = [10**18, 10**18 + 86_400 * 10**9]
    candles["high"], candles["low"], candles["close"], candles["volume"] = [12, 20], [9, 20], [9, 20], [5, 1]
    assert values("vwap", candles)[:, 0].tolist() == [10.0, 20.0]
    assert values("pivots", candles)[1].tolist() == [10.0, 11.0, 13.0, 14.0, 8.0, 7.0, 5.0]
