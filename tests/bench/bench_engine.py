"""The engine's loop: a Python-class strategy over candles, beside backtesting.py with the same strategy."""

from __future__ import annotations

import time
import warnings
from contextlib import redirect_stderr
from decimal import Decimal
from io import StringIO
from typing import Any

import numpy as np
import pandas as pd

from apps.domain.backtest import Backtest, Plan
from apps.domain.frames import CANDLE_OPEN, CLOCK, FROM_CANDLE, TICK, TickArray
from apps.domain.messages import Instrument
from apps.domain.sessions import CRYPTO

CANDLES = 200_000
MINUTE = 60_000_000_000
INSTRUMENT = Instrument(1, "MADE-UP", "CRYPTO", "USD", Decimal("0.01"))


def candles(count: int = CANDLES, seed: int = 5) -> pd.DataFrame:
    """A random walk of one-minute candles."""
    noise = np.random.default_rng(seed)
    close = np.round(1000 * np.exp(np.cumsum(noise.normal(0, 0.0008, count))), 2)
    first = np.r_[1000.0, close[:-1]]
    reach = np.abs(noise.normal(0, 0.4, (2, count)))
    high, low = np.maximum(first, close) + reach[0], np.minimum(first, close) - reach[1]
    index = pd.date_range("2024-01-01", periods=count, freq="min", tz="UTC")
    columns = {"Open": first, "High": np.round(high, 2), "Low": np.round(low, 2), "Close": close, "Volume": 1.0}
    return pd.DataFrame(columns, index=index)


def as_tape(frame: pd.DataFrame) -> TickArray:
    """The candles as a recording expands them."""
    ticks = np.zeros((len(frame), 5), TICK)
    starts = frame.index.as_unit("ns").asi8
    ticks["instrument"], ticks["ask"], ticks["price"] = 1, np.nan, np.nan
    ticks["flags"], ticks["flags"][:, 0], ticks["flags"][:, 4] = FROM_CANDLE, FROM_CANDLE | CANDLE_OPEN, CLOCK
    for row, name in enumerate(("Open", "Low", "High", "Close")):
        ticks["price"][:, row] = frame[name]
        ticks["event_ns"][:, row] = starts + row * MINUTE // 4
    ticks["event_ns"][:, 4] = starts + MINUTE
    return ticks.reshape(-1)


def ours(tape: TickArray, **params: Any) -> tuple[float, int]:
    """(candles a second, fills) of the EMA cross."""
    run = Backtest(Plan("ema_cross", INSTRUMENT, CRYPTO, 60, params, cash=Decimal(1_000_000)))
    started = time.perf_counter()
    for at in range(0, len(tape), 65_536):
        run.feed(tape[at : at + 65_536])
    return CANDLES / (time.perf_counter() - started), len(run.engine.journal.fills)


def theirs(frame: pd.DataFrame, fast: int, slow: int) -> tuple[float, int]:
    """The same in backtesting.py."""
    warnings.simplefilter("ignore")
    from backtesting import Backtest as Peer
    from backtesting import Strategy

    class Cross(Strategy):
        def init(self) -> None:
            self.fast = self.I(lambda x: pd.Series(x).ewm(span=fast, adjust=False).mean(), self.data.Close)
            self.slow = self.I(lambda x: pd.Series(x).ewm(span=slow, adjust=False).mean(), self.data.Close)

        def next(self) -> None:
            before, now = self.fast[-2] - self.slow[-2], self.fast[-1] - self.slow[-1]
            if before <= 0 < now:
                self.position.close()
                self.buy(size=1)
            elif before >= 0 > now:
                self.position.close()
                self.sell(size=1)

    peer = Peer(frame.tz_localize(None), Cross, cash=1_000_000)
    started = time.perf_counter()
    with redirect_stderr(StringIO()):  # its progress bar
        stats = peer.run()
    return len(frame) / (time.perf_counter() - started), 2 * int(stats["# Trades"])


def rows() -> list[dict[str, Any]]:
    frame = candles()
    tape = as_tape(frame)
    found = []
    for name, fast, slow in (("backtest_python_candles_per_s", 200, 600), ("backtest_busy_candles_per_s", 20, 50)):
        ours(tape[:50_000], fast=fast, slow=slow)
        rate, fills = max(ours(tape, fast=fast, slow=slow) for _ in range(3))
        peer, _ = theirs(frame, fast, slow)
        found.append(
            {
                "name": name, "value": rate, "unit": "candles/s", "peer": "backtesting.py", "peer_value": peer,
                "floor_value": None, "ratio": rate / peer,
                "note": f"EMA {fast}/{slow} cross, {CANDLES:,} candles, {fills:,} fills; ratio to the peer",
            }
        )  # fmt: skip
    return found
