"""The loops that run steps: over candles, over the ticks of one forming candle, over frames of many slots.

A `plan` has one row an indicator: address of its step, and where its state, parameters and outputs begin.
Kernels know no indicator by name, so they are compiled once for all of them. They let go of the GIL.
"""

from __future__ import annotations

from collections.abc import Callable
from math import nan
from typing import Any, Final

import numba
from numba.core import types

from apps.domain.indicators.compiled import OPTIONS, call_step, fetch_ahead, memory, part

ADDRESS, STATE, PARAMS, OUT = 0, 1, 2, 3
OPEN, HIGH, LOW, CLOSE, VOLUME = 0, 1, 2, 3, 4
START, SESSION = 0, 1  # in `times`
SLOT_START, SLOT_SESSION = 5, 6  # in a slot's row of 8, behind its candle
LINE: Final = 8  # floats of a cache line
AHEAD: Final = 4  # ticks between asking for a slot's memory and using it
NOTHING: Final = -(2**63)  # as a candle's start: no candle is forming

_INTS, _FLOATS = types.int64[::1], types.float64[::1]
_INT_ROWS, _FLOAT_ROWS = types.int64[:, ::1], types.float64[:, ::1]
# Columns of a decoded frame are strided and read-only: taken as they are, without a copy.
_INT_COLUMN: Final = types.Array(types.int64, 1, "A", readonly=True)
_FLOAT_COLUMN: Final = types.Array(types.float64, 1, "A", readonly=True)
_PLAN: Final = (_INT_ROWS, _FLOATS)

Array = Any
Number = Any


@part
def run(
    plan: Array, params: Array, state: Array, base: Number, o: Number, h: Number, l: Number, c: Number, v: Number,
    start_ns: Number, session_ns: Number, out: Array, to: Number, commit: Number,
) -> None:  # fmt: skip
    """All indicators of one slot once: state from `base` on, outputs into the flat `out` from `to` on."""
    for j in range(plan.shape[0]):
        call_step(
            plan[j, ADDRESS], memory(state, base + plan[j, STATE]), memory(params, plan[j, PARAMS]),
            o, h, l, c, v, start_ns, session_ns, memory(out, to + plan[j, OUT]), commit,
        )  # fmt: skip


@part
def _blank(out: Array, to: Number, width: Number) -> None:
    for j in range(width):
        out[to + j] = nan


class Kernel:
    """A compiled loop with one signature; compiled, or read from numba's cache, when first needed."""

    def __init__(self, signature: Any, function: Callable[..., Any]) -> None:
        self.name = function.__name__
        self._signature, self._function = signature, function
        self._compiled: Any = None

    def __call__(self, *args: Any) -> Any:
        return (self._compiled or self.compile())(*args)

    def compile(self) -> Any:
        self._compiled = numba.njit(self._signature, cache=True, nogil=True, **OPTIONS)(self._function)
        return self._compiled


def kernel(signature: Any) -> Callable[[Callable[..., Any]], Kernel]:
    return lambda function: Kernel(signature, function)


@kernel(types.void(*_PLAN, _FLOATS, _FLOAT_ROWS, _INT_ROWS, _FLOATS, types.int64, types.int64))
def candle_rows(
    plan: Array, params: Array, state: Array, prices: Array, times: Array, out: Array, width: Number, commit: Number
) -> None:
    """One slot over candles: prices (n, 5), times (n, 2), out flat (n * width)."""
    for i in range(prices.shape[0]):
        run(
            plan, params, state, 0,
            prices[i, OPEN], prices[i, HIGH], prices[i, LOW], prices[i, CLOSE], prices[i, VOLUME],
            times[i, START], times[i, SESSION], out, i * width, commit,
        )  # fmt: skip


@kernel(types.void(*_PLAN, _FLOATS, _FLOATS, _INTS, _FLOAT_COLUMN, _FLOAT_COLUMN, _FLOATS, types.int64))
def tick_rows(
    plan: Array, params: Array, state: Array, candle: Array, times: Array, price: Array, size: Array, out: Array,
    width: Number,
) -> None:  # fmt: skip
    """One slot over the ticks of one forming candle, which `candle` (5) holds and which moves on with them."""
    o, h, l, v = candle[OPEN], candle[HIGH], candle[LOW], candle[VOLUME]
    for i in range(price.shape[0]):
        c = price[i]
        if c != c:
            _blank(out, i * width, width)
            continue
        if o != o:
            o, h, l = c, c, c
        h, l, v = max(h, c), min(l, c), v + size[i]
        run(plan, params, state, 0, o, h, l, c, v, times[START], times[SESSION], out, i * width, 0)
        candle[CLOSE] = c
    candle[OPEN], candle[HIGH], candle[LOW], candle[VOLUME] = o, h, l, v


@kernel(
    types.int64(
        *_PLAN, _FLOATS, types.int64, _FLOAT_ROWS, _INT_ROWS, _INT_COLUMN, _FLOAT_COLUMN, _FLOAT_COLUMN,
        _INT_COLUMN, _INT_COLUMN, _FLOATS, _FLOATS, _INTS, types.int64,
    )
)  # fmt: skip
def slot_ticks(
    plan: Array, params: Array, states: Array, stride: Number, candles: Array, clock: Array, slot: Array, price: Array,
    size: Array, start_ns: Array, session_ns: Array, out: Array, finals: Array, final_rows: Array, width: Number,
) -> Number:  # fmt: skip
    """A frame of ticks of many slots. `candles` and `clock` are one memory, (slots, 8): five floats and two integers,
    one cache line a slot. A tick of a later candle first commits the slot's forming one.

    Returns -1, and has done nothing, where a slot is none of the bank's. Else how many were committed: their
    values lie in `finals`, the tick rows that ended them in `final_rows`.
    """
    for i in range(slot.shape[0]):
        if not 0 <= slot[i] < candles.shape[0]:
            return -1
    closed = 0
    for i in range(slot.shape[0]):
        if i + AHEAD < slot.shape[0]:
            ahead = slot[i + AHEAD]
            fetch_ahead(candles, ahead * LINE)
            for j in range(plan.shape[0]):  # a provisional value reads the first floats of each state
                fetch_ahead(states, ahead * stride + plan[j, STATE])
        k, c = slot[i], price[i]
        if c != c:
            _blank(out, i * width, width)
            continue
        if clock[k, SLOT_START] != start_ns[i]:
            if clock[k, SLOT_START] != NOTHING:
                run(
                    plan, params, states, k * stride,
                    candles[k, OPEN], candles[k, HIGH], candles[k, LOW], candles[k, CLOSE], candles[k, VOLUME],
                    clock[k, SLOT_START], clock[k, SLOT_SESSION], finals, closed * width, 1,
                )  # fmt: skip
                final_rows[closed] = i
                closed += 1
            clock[k, SLOT_START], clock[k, SLOT_SESSION] = start_ns[i], session_ns[i]
            candles[k, OPEN], candles[k, HIGH], candles[k, LOW], candles[k, VOLUME] = c, c, c, 0.0
        h, l, v = max(candles[k, HIGH], c), min(candles[k, LOW], c), candles[k, VOLUME] + size[i]
        candles[k, HIGH], candles[k, LOW], candles[k, CLOSE], candles[k, VOLUME] = h, l, c, v
        run(
            plan, params, states, k * stride, candles[k, OPEN], h, l, c, v, start_ns[i], session_ns[i],
            out, i * width, 0,
        )  # fmt: skip
    return closed


@kernel(types.void(*_PLAN, _FLOATS, types.int64, _FLOAT_ROWS, _INT_ROWS, _INT_COLUMN, _FLOATS, types.int64))
def slot_closes(
    plan: Array, params: Array, states: Array, stride: Number, candles: Array, clock: Array, slot: Array, out: Array,
    width: Number,
) -> None:  # fmt: skip
    """Commit the forming candle of each of these slots; a slot without one gets NaN."""
    for i in range(slot.shape[0]):
        k = slot[i]
        if clock[k, SLOT_START] == NOTHING:
            _blank(out, i * width, width)
            continue
        run(
            plan, params, states, k * stride,
            candles[k, OPEN], candles[k, HIGH], candles[k, LOW], candles[k, CLOSE], candles[k, VOLUME],
            clock[k, SLOT_START], clock[k, SLOT_SESSION], out, i * width, 1,
        )  # fmt: skip
        clock[k, SLOT_START] = NOTHING
