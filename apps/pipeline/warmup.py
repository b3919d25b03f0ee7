"""Compiling before the first tick: machine code that is not in numba's cache yet is made now, one piece at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from apps.domain import frames, tape
from apps.domain.candles import CandleBuilder
from apps.domain.indicators import kernels
from apps.domain.indicators.registry import INDICATORS
from apps.domain.sessions import CRYPTO
from apps.domain.timeframes import TIMEFRAMES

Piece = tuple[str, Callable[[], object]]

FIRST: Final = ("sma", "ema", "rsi", "atr", "donchian")
"""Indicators that the strategies we ship ask for: the path waits for these, the others are compiled while it runs."""


def pieces_needed() -> list[Piece]:
    """(what it is, what compiles it): what the path needs before its first tick."""
    return [
        ("candles", _candles),
        ("the tape", _tape),
        *(_loop(found) for found in (kernels.candle_rows, kernels.tick_rows)),
        *(_indicator(name) for name in FIRST),
    ]


def pieces_later() -> list[Piece]:
    """What only a chart, a bank of many instruments or somebody's own strategy may ask for."""
    return [
        *(_indicator(name) for name in INDICATORS if name not in FIRST),
        *(_loop(found) for found in (kernels.slot_ticks, kernels.slot_closes)),
    ]


def _loop(found: kernels.Kernel) -> Piece:
    return f"loop {found.name}", found.compile


def _indicator(name: str) -> Piece:
    return name, lambda: INDICATORS[name].step.address


def _two_ticks() -> frames.TickArray:
    """As they come off the bus: a read-only view, which numba takes for another type than a fresh array."""
    rows = np.zeros(2, frames.TICK)
    rows["instrument"], rows["price"], rows["ask"] = 1, 1.0, np.nan
    rows["event_ns"] = (10**18, 10**18 + 3600 * 10**9)
    return frames.decode(frames.encode(frames.TICKS, rows))[1]


def _candles() -> None:
    CandleBuilder({1: CRYPTO}, list(TIMEFRAMES.values())).add(_two_ticks())


def _tape() -> None:
    ticks = _two_ticks()
    tape.first_alarm(ticks, 1, 0, tape.Alarm())
    tape.rows_of(ticks, 1, 0)
    tape.first_at(ticks, 1, 0)
