"""Steps work on bare pointers: each has to stay inside the state and the outputs its spec declares."""

from __future__ import annotations

import numpy as np
import pytest

from apps.domain.indicators.kernels import candle_rows
from apps.domain.indicators.layout import Layout
from apps.domain.indicators.registry import INDICATORS, Request, request
from tests.unit.indicators.candles import made_up

FENCE = 64
CANDLES = made_up(400)
PRICES = np.column_stack([CANDLES[field] for field in ("open", "high", "low", "close", "volume")])
TIMES = np.column_stack([CANDLES["start_ns"], CANDLES["session_ns"]])


def smallest(name: str) -> Request:
    """The indicator with the shortest periods its rule allows."""
    spec = INDICATORS[name]
    values = [param.low for param in spec.params]
    if spec.rule(*values):
        values = [
            param.default if param.name in ("slow", "maximum") else value
            for param, value in zip(spec.params, values, strict=True)
        ]
    return request(name, *values)


@pytest.mark.parametrize("wanted", [*map(request, INDICATORS), *map(smallest, INDICATORS)], ids=str)
def test_a_step_stays_inside_its_own_memory(wanted):
    layout = Layout([wanted])
    state, out = np.zeros(layout.size + 2 * FENCE), np.full(len(PRICES) * layout.width + 2 * FENCE, 7.25)
    fenced_state, fenced_out = state[FENCE:-FENCE], out[FENCE:-FENCE]
    state[:FENCE] = state[-FENCE:] = 7.25
    candle_rows(layout.plan, layout.params, fenced_state, PRICES, TIMES, fenced_out, layout.width, 1)
    assert (state[:FENCE] == 7.25).all() and (state[-FENCE:] == 7.25).all()
    assert (out[:FENCE] == 7.25).all() and (out[-FENCE:] == 7.25).all()
    assert not (fenced_out == 7.25).any(), "an output was not written"


@pytest.mark.parametrize("name", INDICATORS)
def test_a_forming_candle_is_never_written_into_the_state(name):
    layout = Layout([request(name)])
    state, out = np.zeros(layout.size), np.empty(len(PRICES) * layout.width)
    candle_rows(layout.plan, layout.params, state, PRICES[:123], TIMES[:123], out, layout.width, 1)
    before = state.tobytes()
    candle_rows(layout.plan, layout.params, state, PRICES[123:], TIMES[123:], out, layout.width, 0)
    assert state.tobytes() == before


def test_indicators_side_by_side_do_not_disturb_each_other():
    together = Layout([request(name) for name in INDICATORS])
    state, out = np.zeros(together.size), np.empty((len(PRICES), together.width))
    candle_rows(together.plan, together.params, state, PRICES, TIMES, out.reshape(-1), together.width, 1)
    for text, place in together.columns.items():
        alone = Layout([text])
        own = np.empty((len(PRICES), alone.width))
        candle_rows(alone.plan, alone.params, np.zeros(alone.size), PRICES, TIMES, own.reshape(-1), alone.width, 1)
        assert own.tobytes() == np.ascontiguousarray(out[:, place]).tobytes(), text
