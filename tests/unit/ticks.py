"""Small tapes for tests: quotes, trades, clocks and candles written as one would say them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from apps.domain.frames import CANDLE_OPEN, CLOCK, FROM_CANDLE, QUOTE, TICK, TickArray

SECOND = 1_000_000_000


def tape(*rows: Sequence[float], instrument: int = 1, start_ns: int = SECOND) -> TickArray:
    """One row a second. (bid, ask), (bid, ask, bid size, ask size), (price,) a trade, () a clock."""
    ticks = np.zeros(len(rows), TICK)
    ticks["instrument"] = instrument
    ticks["event_ns"] = ticks["seen_ns"] = start_ns + SECOND * np.arange(len(rows))
    ticks["ask"] = np.nan
    for tick, row in zip(ticks, rows, strict=True):
        match row:
            case ():
                tick["flags"], tick["price"] = CLOCK, np.nan
            case (price,):
                tick["price"] = price
            case (bid, ask):
                tick["flags"], tick["price"], tick["ask"] = QUOTE, bid, ask
            case (bid, ask, bid_size, ask_size):
                tick["flags"], tick["price"], tick["ask"] = QUOTE, bid, ask
                tick["size"], tick["ask_size"] = bid_size, ask_size
    return ticks


def trades(*rows: tuple[float, float]) -> TickArray:
    """(price, size) trades, one a second."""
    ticks = tape(*[(price,) for price, _ in rows])
    ticks["size"] = [size for _, size in rows]
    return ticks


def candle_rows(*candles: tuple[float, float, float, float], timeframe_s: int = 60, instrument: int = 1) -> TickArray:
    """(open, high, low, close) candles as a recording expands them: O, L/H, H/L, C and a clock."""
    ticks = np.zeros((len(candles), 5), TICK)
    ticks["instrument"], ticks["ask"] = instrument, np.nan
    ticks["flags"], ticks["flags"][:, 0], ticks["flags"][:, 4] = FROM_CANDLE, FROM_CANDLE | CANDLE_OPEN, CLOCK
    for at, (row, (first, high, low, last)) in enumerate(zip(ticks, candles, strict=True)):
        row["price"][:4] = (first, low, high, last) if last >= first else (first, high, low, last)
        row["price"][4] = np.nan
        start = at * timeframe_s * SECOND
        row["event_ns"] = [start, start + SECOND, start + 2 * SECOND, start + 3 * SECOND, start + timeframe_s * SECOND]
    ticks["seen_ns"] = ticks["event_ns"]
    return ticks.reshape(-1)
