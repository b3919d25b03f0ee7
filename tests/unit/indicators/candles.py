"""Candles for the proofs: made up with everything awkward in them, and recorded ones where they are at hand."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from apps.domain.frames import CANDLE, CandleArray

MINUTE_NS = 60_000_000_000
ROOT = Path(__file__).resolve().parents[3]


def made_up(count: int, seed: int = 7, per_session: int = 75, minutes: int = 5, level: float = 22_000.0) -> CandleArray:
    """A random walk on a 0.05 grid, with flat stretches, candles without volume, and sessions with a night between."""
    rng = np.random.default_rng(seed)
    moves = rng.normal(0.0, level * 5e-4, count)
    moves[rng.random(count) < 0.1] = 0.0
    for at in range(200, count, 600):
        moves[at : at + 60] = 0.0  # longer than any default window but one
    close = np.round((level + np.cumsum(moves)) * 20) / 20
    open_ = np.concatenate([[level], close[:-1]])
    reach = np.round(rng.exponential(level * 2e-4, (2, count)) * 20) / 20 * (moves != 0.0)
    candles = np.zeros(count, CANDLE)
    session, place = np.divmod(np.arange(count), per_session)
    candles["session_ns"] = 1_700_000_000 * 10**9 + session * 86_400 * 10**9
    candles["start_ns"] = candles["session_ns"] + place * minutes * MINUTE_NS
    candles["end_ns"] = candles["start_ns"] + minutes * MINUTE_NS
    candles["timeframe"] = minutes * 60
    candles["open"], candles["close"] = open_, close
    candles["high"] = np.maximum(open_, close) + reach[0]
    candles["low"] = np.minimum(open_, close) - reach[1]
    candles["volume"] = rng.integers(0, 5000, count) * (rng.random(count) > 0.05)
    return candles


def shared(name: str) -> Path:
    """A file of recorded market data; skips the test where it is absent."""
    path = Path(os.environ.get("VELOX_DATA", str(ROOT.parent / "shared" / "data"))) / name
    if not path.exists():
        pytest.skip(f"recorded data {name} is not here (set VELOX_DATA)")
    return path


def recorded(name: str) -> CandleArray:
    """Recorded candles; a session is a UTC day."""
    with gzip.open(shared(name), "rt") as lines:
        return from_table(pd.read_csv(lines))


def from_table(table: pd.DataFrame) -> CandleArray:
    candles = np.zeros(len(table), CANDLE)
    stamp = next((table[name] for name in ("time", "date") if name in table), None)
    if stamp is not None:
        candles["start_ns"] = pd.to_datetime(stamp, utc=True).astype("datetime64[ns, UTC]").astype("int64")
    candles["session_ns"] = candles["start_ns"] // (86_400 * 10**9) * (86_400 * 10**9)
    for field in ("open", "high", "low", "close", "volume"):
        column = field if field in table else f"bid_{field}"
        if column in table:
            candles[field] = table[column]
    return candles
