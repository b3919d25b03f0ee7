"""Nanoseconds a tick for six indicators on a forming candle, in frames of 500 ticks; and how that grows.

Ours is the bank, called from Python once a frame, ticks spread at random over its instruments. The floor is one
hand-written numba loop that does the same for exactly these six, with nothing general in it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numba
import numpy as np
import talib
import talipp.indicators as tp
from talib import stream
from talipp.ohlcv import OHLCV

from apps.domain.frames import CANDLE
from apps.domain.studies import Forming, Study, StudyBank

SIX = ["sma(20)", "ema(20)", "rsi(14)", "macd(12,26,9)", "bbands(20,2)", "atr(14)"]
TICKS, FRAMES, HISTORY = 500, 400, 200
RNG = np.random.default_rng(11)
WALK = 100.0 + RNG.normal(0.0, 0.05, HISTORY).cumsum()
PRICE = WALK[-1] + RNG.normal(0.0, 0.02, TICKS).cumsum()


def best_of(times: int, work: Callable[[], object]) -> float:
    """Seconds of the fastest run: what the code costs when nobody else is using the machine."""
    runs = []
    for _ in range(times):
        begun = time.perf_counter()
        work()
        runs.append(time.perf_counter() - begun)
    return min(runs)


def bank_ns(instruments: int) -> float:
    """Ours, through StudyBank.on_ticks, after a history of closed candles for each instrument."""
    bank, everyone = StudyBank(SIX, instruments), np.arange(instruments)
    for candle, price in enumerate(WALK[-60:]):
        when = np.full(instruments, candle)
        bank.on_ticks(everyone, np.full(instruments, price), np.ones(instruments), when, when * 0)
    now = np.full(TICKS, 60)
    frames = [(RNG.integers(0, instruments, TICKS), PRICE, np.ones(TICKS), now, now * 0) for _ in range(FRAMES)]

    def work() -> None:
        for frame in frames:
            bank.on_ticks(*frame)

    return best_of(7, work) / (FRAMES * TICKS) * 1e9


def rows_ns() -> float:
    """Ours, through Study.peek_rows: all ticks of a frame belong to one instrument."""
    study, sizes = Study(SIX), np.ones(TICKS)
    candles = np.zeros(HISTORY, CANDLE)
    for field in ("open", "high", "low", "close"):
        candles[field] = WALK
    study.close(candles)

    def work() -> None:
        for _ in range(FRAMES):
            study.peek_rows(Forming(0, 0), PRICE, sizes)

    return best_of(7, work) / (FRAMES * TICKS) * 1e9


@numba.njit
def _floor(slot: Any, price: Any, size: Any, states: Any, out: Any) -> None:
    """The same work written by hand: the slot's candle moves on, six formulas read its committed state."""
    for i in range(price.shape[0]):
        s, c = states[slot[i]], price[i]
        high, low = max(s[11], c), min(s[12], c)
        s[11], s[12], s[13], s[14] = high, low, c, s[14] + size[i]
        out[i, 0] = (s[0] + c) / 20.0
        out[i, 1] = s[1] + (c - s[1]) * (2.0 / 21.0)
        change = c - s[2]
        rise, fall = (s[3] * 13.0 + max(change, 0.0)) / 14.0, (s[4] * 13.0 + max(-change, 0.0)) / 14.0
        out[i, 2] = 100.0 * rise / (rise + fall)
        line = s[5] + (c - s[5]) * (2.0 / 13.0) - (s[6] + (c - s[6]) * (2.0 / 27.0))
        signal = s[7] + (line - s[7]) * 0.2
        out[i, 3], out[i, 4], out[i, 5] = line, signal, line - signal
        mean = (s[8] + c) / 20.0
        reach = 2.0 * np.sqrt(max((s[9] + c * c) / 20.0 - mean * mean, 0.0))
        out[i, 6], out[i, 7], out[i, 8] = mean + reach, mean, mean - reach
        span = max(high - low, max(abs(high - s[2]), abs(low - s[2])))
        out[i, 9] = (s[10] * 13.0 + span) / 14.0


def floor_ns(instruments: int) -> float:
    last = WALK[-1]
    state = [19 * last, last, last, 0.02, 0.02, last, last, 0.0, 19 * last, 19 * last * last + 0.1, 0.05]
    states = np.tile(np.array([*state, last, last, last, 0.0, 0.0]), (instruments, 1))
    frames = [RNG.integers(0, instruments, TICKS) for _ in range(FRAMES)]

    def work() -> None:
        for slot in frames:
            _floor(slot, PRICE, np.ones(TICKS), states, np.empty((TICKS, 10)))

    work()
    return best_of(7, work) / (FRAMES * TICKS) * 1e9


def talib_ns() -> float:
    """TA-Lib's stateful handles, `peek` on each tick: called from Python, as they can only be."""
    handles = [stream.SMA(WALK, 20), stream.EMA(WALK, 20), stream.RSI(WALK, 14), stream.MACD(WALK)]
    handles.append(stream.BBANDS(WALK, 20))
    ranged, prices = stream.ATR(WALK, WALK, WALK, 14), PRICE.tolist()

    def work() -> None:
        high = low = prices[0]
        for price in prices:
            high, low = max(high, price), min(low, price)
            for handle in handles:
                handle.peek(price)
            ranged.peek(high, low, price)

    return best_of(7, work) / TICKS * 1e9


def talipp_ns() -> float:
    """talipp: the forming candle is its last value, updated on each tick."""
    closes = [tp.SMA(20), tp.EMA(20), tp.RSI(14), tp.MACD(12, 26, 9), tp.BB(20, 2)]
    ranged, prices = tp.ATR(14), PRICE.tolist()
    for price in [*WALK.tolist(), prices[0]]:
        for indicator in closes:
            indicator.add(price)
        ranged.add(OHLCV(price, price, price, price))

    def work() -> None:
        high = low = prices[0]
        for price in prices:
            high, low = max(high, price), min(low, price)
            for indicator in closes:
                indicator.update(price)
            ranged.update(OHLCV(prices[0], high, low, price))

    return best_of(3, work) / TICKS * 1e9


def row(
    name: str, value: float, unit: str, peer: str, peer_value: float, floor: float | None, note: str
) -> dict[str, Any]:
    return {
        "name": name, "value": round(value, 2), "unit": unit, "peer": peer, "peer_value": round(peer_value, 2),
        "floor_value": None if floor is None else round(floor, 2), "ratio": round(value / peer_value, 4), "note": note,
    }  # fmt: skip


def rows() -> list[dict[str, Any]]:
    ours, floor, theirs, slow = bank_ns(10), floor_ns(10), talib_ns(), talipp_ns()
    few, many = bank_ns(10), bank_ns(10_000)
    one, grown = "peek_rows, 1 instrument", "ratio: 10,000 against 10 instruments"
    what = f"bank of 10 instruments, frames of {TICKS}; ratio against the peer, {ours / floor:.2f} x the floor"
    return [
        row("indicators_ns_per_tick", ours, "ns/tick", f"TA-Lib {talib.__version__} peek", theirs, floor, what),
        row("indicators_ns_per_tick_talipp", ours, "ns/tick", "talipp", slow, floor, what),
        row("indicators_ns_per_tick_one_study", rows_ns(), "ns/tick", "TA-Lib peek", theirs, floor, one),
        row("indicator_growth_10_to_10000", many, "ns/tick", "the same bank of 10", few, floor, grown),
    ]  # fmt: skip


if __name__ == "__main__":
    for found in rows():
        print(found)
