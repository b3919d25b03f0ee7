"""Every indicator equals an answer that somebody else worked out."""

from __future__ import annotations

import numpy as np
import pytest

from apps.domain.frames import CandleArray
from apps.domain.indicators.registry import INDICATORS, request
from apps.domain.studies import Study
from tests.unit.indicators.candles import made_up
from tests.unit.indicators.references import PEERS, REFERENCES, Reference, Values


def ours(name: str, candles: CandleArray) -> Values:
    return Study([request(name)]).close(candles)


def assert_equal(found: Values, reference: Reference, candles: CandleArray) -> None:
    expected = reference.answer(candles)[reference.skip :]
    found = found[reference.skip :]
    scale = np.nanmax(np.abs(expected), axis=0)
    both = ~np.isnan(expected)
    assert both.any(axis=0).all(), "the reference is silent"
    assert (~np.isnan(found) >= both).all(), "we are silent where the reference speaks"
    far = np.abs(found - expected) / scale
    assert np.nanmax(far) <= reference.rtol, f"differs at row {np.nanargmax(far) // far.shape[1]}"


def test_every_indicator_has_a_reference():
    assert list(REFERENCES) == list(INDICATORS)


@pytest.mark.parametrize("name", REFERENCES)
def test_equal_on_awkward_candles(name, awkward):
    assert_equal(ours(name, awkward), REFERENCES[name], awkward)


@pytest.mark.parametrize("name", REFERENCES)
def test_equal_on_recorded_candles(name, us30):
    assert_equal(ours(name, us30), REFERENCES[name], us30)


@pytest.mark.parametrize("name", PEERS)
def test_equal_to_the_peer_where_prices_move(name, us30):
    assert_equal(ours(name, us30), PEERS[name], us30)


@pytest.mark.parametrize("name", INDICATORS)
def test_values_begin_exactly_when_the_reference_says(name, awkward):
    found, expected = ours(name, awkward[:300]), REFERENCES[name].answer(awkward[:300])
    if name == "macd":  # the line itself is there before the signal
        found, expected = found[:, 1:], expected[:, 1:]
    assert np.array_equal(np.isnan(found), np.isnan(expected))


@pytest.mark.parametrize("name", INDICATORS)
def test_warm_up_is_the_first_row_in_which_every_output_is_final(name, awkward):
    wanted, spec = request(name), INDICATORS[name]
    first = 75 if spec.sessions else 15 // 5 - 1 if name == "opening_range" else 0
    known = ~np.isnan(ours(name, awkward)).any(axis=1)
    assert int(np.argmax(known)) == first + wanted.warm_up - 1


@pytest.mark.parametrize("name", ["sma", "wma", "stddev", "bbands", "linreg_slope", "mfi", "cmf", "vwap"])
def test_nothing_drifts_over_two_hundred_thousand_candles(name):
    candles = made_up(200_000, seed=3, level=50_000.0)
    tail = candles[-3 * 75 :]
    expected = REFERENCES[name].answer(tail)[-75:]
    found = ours(name, candles)[-75:]
    assert np.abs(found - expected).max() <= 1e-12 * max(1.0, np.abs(expected).max()) * 10


def test_a_spike_leaves_no_trace_once_it_is_out_of_the_window():
    candles = made_up(400)
    spiked = candles.copy()
    spiked["close"][100] *= 1e6
    spiked["high"][100] *= 1e6
    for name in ("sma", "wma", "stddev", "zscore", "linreg_slope", "donchian", "mom", "cci"):
        assert np.allclose(ours(name, candles)[200:], ours(name, spiked)[200:], rtol=1e-12, atol=1e-9)


def test_deviation_of_a_flat_window_is_exactly_zero():
    candles = made_up(300)
    candles["close"][100:200] = 0.1 + 0.2
    assert (ours("stddev", candles)[125:200] == 0.0).all()
    assert (ours("zscore", candles)[125:200] == 0.0).all()
