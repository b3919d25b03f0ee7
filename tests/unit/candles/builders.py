"""Ticks for tests, said in words."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from apps.domain.candles import CandleBuilder
from apps.domain.frames import CLOCK, TICK, CandleArray, TickArray
from apps.domain.messages import to_ns
from apps.domain.sessions import CRYPTO, Calendar

SECOND = 10**9


def ns(text: str) -> int:
    """ns UTC of an ISO time; without an offset it is UTC."""
    at = datetime.fromisoformat(text)
    return to_ns(at if at.tzinfo else at.replace(tzinfo=UTC))


def trades(*rows: tuple[int | str, float], instrument: int = 1, size: float = 1.0) -> TickArray:
    """(time, price) pairs; a time is ns or text."""
    ticks = np.zeros(len(rows), TICK)
    ticks["instrument"], ticks["size"], ticks["ask"] = instrument, size, np.nan
    ticks["event_ns"] = [ns(at) if isinstance(at, str) else at for at, _ in rows]
    ticks["price"] = [price for _, price in rows]
    return ticks


def clock(at: int | str, instrument: int = 0) -> TickArray:
    row = trades((at, np.nan), instrument=instrument, size=0.0)
    row["flags"] = CLOCK
    return row


def built(*frames: TickArray, calendar: Calendar = CRYPTO, timeframes: tuple[int, ...] = (60,)) -> CandleArray:
    """All candles of instrument 1, the last ones closed by a clock years later."""
    builder = CandleBuilder({1: calendar}, timeframes)
    parts = [builder.add(frame) for frame in frames]
    return np.concatenate([*parts, builder.add(clock(int(frames[-1]["event_ns"][-1]) + 400 * 86_400 * SECOND))])
