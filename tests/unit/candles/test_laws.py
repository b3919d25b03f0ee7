"""What must hold for any stream of ticks."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.domain.candles import CandleBuilder, candles_resample
from apps.domain.frames import CANDLE, CLOCK, FROM_CANDLE, QUOTE, TICK, TickArray
from apps.domain.sessions import CRYPTO, FX, NSE, SHFE_GOLD, Calendar
from tests.unit.candles.builders import SECOND, clock, ns

TIMEFRAMES = (5, 60, 180, 300, 3600, 86_400)
CALENDARS = {1: CRYPTO, 2: NSE, 3: FX, 4: SHFE_GOLD}
START = ns("2024-03-08T03:40")  # a Friday, minutes before the Indian open; New York changes its clocks that Sunday


@st.composite
def streams(draw: st.DrawFn) -> TickArray:
    """Some hundred ticks of four instruments over hours or days: clocks, late ticks, gaps and NaN among them."""
    count, seed = draw(st.integers(1, 300)), draw(st.integers(0, 2**32 - 1))
    longest_s = draw(st.sampled_from([2.0, 60.0, 3600.0]))
    rng = np.random.default_rng(seed)
    ticks = np.zeros(count, TICK)
    ticks["instrument"] = rng.integers(1, 5, count)
    steps = rng.exponential(longest_s, count) - (rng.random(count) < 0.05) * 3 * longest_s
    ticks["event_ns"] = START + np.cumsum(steps * SECOND).astype(np.int64)
    ticks["price"] = np.round(100 + np.cumsum(rng.normal(size=count)), 2)
    ticks["size"] = rng.integers(0, 50, count) / 8  # exact in binary: sums do not depend on their order
    ticks["flags"] = rng.choice([0, QUOTE, FROM_CANDLE | QUOTE, CLOCK], count, p=[0.6, 0.2, 0.1, 0.1])
    ticks["instrument"][(ticks["flags"] == CLOCK) & (rng.random(count) < 0.5)] = 0
    ticks["price"][rng.random(count) < 0.02] = np.nan
    return ticks


def builder(calendars: dict[int, Calendar] = CALENDARS, outside: str = "drop") -> CandleBuilder:
    return CandleBuilder(calendars, TIMEFRAMES, outside=outside)


@pytest.mark.parametrize("outside", ["drop", "own"])
@settings(max_examples=60, deadline=None)
@given(ticks=streams())
def test_every_tick_is_in_one_candle_of_each_timeframe_or_counted(outside, ticks):
    build = builder(outside=outside)
    candles = np.concatenate([build.add(ticks), build.forming_all()])
    left_out = sum(sum(counts.values()) for counts in (build.outside, build.late, build.broken))
    for timeframe in TIMEFRAMES:
        mine = candles[candles["timeframe"] == timeframe]
        assert mine["ticks"].sum() + left_out == (ticks["flags"] & CLOCK == 0).sum()
    if outside == "own":
        assert not build.outside


@settings(max_examples=60, deadline=None)
@given(ticks=streams())
def test_a_candle_holds_its_prices_and_its_times(ticks):
    build = builder()
    candles = np.concatenate([build.add(ticks), build.forming_all()])
    assert (candles["high"] >= np.maximum(candles["open"], candles["close"])).all()
    assert (candles["low"] <= np.minimum(candles["open"], candles["close"])).all()
    assert (candles["start_ns"] < candles["end_ns"]).all()
    intraday = candles[candles["timeframe"] < 86_400]
    assert (intraday["end_ns"] - intraday["start_ns"] <= intraday["timeframe"].astype(np.int64) * SECOND).all()
    assert (candles["session_ns"] <= candles["start_ns"]).all()


@settings(max_examples=60, deadline=None)
@given(ticks=streams())
def test_candles_of_one_series_never_overlap_nor_run_back(ticks):
    build = builder(outside="own")
    candles = np.concatenate([build.add(ticks), build.forming_all()])
    for instrument in CALENDARS:
        for timeframe in TIMEFRAMES:
            mine = candles[(candles["instrument"] == instrument) & (candles["timeframe"] == timeframe)]
            assert (mine["start_ns"][1:] >= mine["end_ns"][:-1]).all()


@settings(max_examples=60, deadline=None)
@given(ticks=streams())
def test_volume_is_the_sum_of_trades_and_of_recorded_candles(ticks):
    build = CandleBuilder({1: CRYPTO}, (60, 86_400))
    ticks["instrument"] = 1
    ticks["event_ns"] = np.sort(ticks["event_ns"])
    candles = np.concatenate([build.add(ticks), build.forming_all()])
    counted = (ticks["flags"] & CLOCK == 0) & ~np.isnan(ticks["price"])
    counted &= (ticks["flags"] & QUOTE == 0) | (ticks["flags"] & FROM_CANDLE != 0)
    for timeframe in (60, 86_400):
        assert candles["volume"][candles["timeframe"] == timeframe].sum() == ticks["size"][counted].sum()


@settings(max_examples=60, deadline=None)
@given(ticks=streams(), cuts=st.lists(st.integers(0, 300), max_size=8))
def test_cutting_the_stream_into_frames_changes_no_bit(ticks, cuts):
    whole, pieces = builder(), builder()
    expected = whole.add(ticks)
    bounds = [0, *sorted(min(cut, len(ticks)) for cut in cuts), len(ticks)]
    got = []
    for low, high in pairwise(bounds):
        part = pieces.add(ticks[low:high])
        part["row"] += low
        got.append(part)
    assert np.concatenate(got).tobytes() == expected.tobytes()
    assert pieces.forming_all().tobytes() == whole.forming_all().tobytes()


@settings(max_examples=60, deadline=None)
@given(ticks=streams(), cut=st.integers(0, 300))
def test_saved_and_restored_anywhere_goes_on_as_if_nothing_had_been(ticks, cut):
    cut = min(cut, len(ticks))
    whole, before = builder(), builder()
    expected = whole.add(ticks)[len(before.add(ticks[:cut])) :].copy()
    after = builder(dict(reversed(CALENDARS.items())))  # added in another order
    after.restore(before.save())
    got = after.add(ticks[cut:])
    got["row"] += cut
    by = ["row", "timeframe", "instrument"]
    assert np.sort(got, order=by).tobytes() == np.sort(expected, order=by).tobytes()
    assert (after.late, after.outside, after.broken) == (whole.late, whole.outside, whole.broken)


@pytest.mark.parametrize("instrument", CALENDARS)
@pytest.mark.parametrize("timeframe", [180, 300, 3600, 86_400])
@settings(max_examples=25, deadline=None)
@given(ticks=streams())
def test_minutes_resampled_equal_candles_built_directly(instrument, timeframe, ticks):
    ticks = np.concatenate([ticks[ticks["instrument"] == instrument], clock(START + 400 * 86_400 * SECOND)])
    candles = CandleBuilder({instrument: CALENDARS[instrument]}, (60, timeframe)).add(ticks)
    minutes, direct = candles[candles["timeframe"] == 60], candles[candles["timeframe"] == timeframe]
    names = [name for name in CANDLE.names if name != "row"]
    resampled = candles_resample(minutes, CALENDARS[instrument], timeframe)
    assert resampled[names].tolist() == direct[names].tolist()


@settings(max_examples=40, deadline=None)
@given(ticks=streams())
def test_the_forming_candle_becomes_the_closed_one(ticks):
    """At each close the candle is what forming() showed just before."""
    build = builder()
    for row in range(len(ticks)):
        shown = {(c["instrument"], c["timeframe"]): c for c in build.forming_all()}
        for closed in build.add(ticks[row : row + 1]):
            assert shown[closed["instrument"], closed["timeframe"]].tobytes() == closed.tobytes()


@settings(max_examples=40, deadline=None)
@given(ticks=streams())
def test_closed_candles_come_in_order_of_row_then_timeframe(ticks):
    candles = builder().add(ticks)
    order = candles["row"].astype(np.int64) * 100_000 + candles["timeframe"]
    assert (np.diff(order) >= 0).all()
    assert (candles["end_ns"] <= ticks["event_ns"][candles["row"]]).all()
