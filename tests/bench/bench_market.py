"""Candles, the frame codec and replay: what one tick costs, beside what it would cost to do nothing."""

from __future__ import annotations

import gc
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from apps.bus.memory import MemoryBus
from apps.domain.candles import CandleBuilder
from apps.domain.frames import TICK, TICKS, TickArray, decode, encode
from apps.domain.ports import Message
from apps.domain.sessions import CRYPTO
from apps.feeds.replay import recording_read
from apps.marketdata.quotes import QuoteBoard
from apps.pipeline import flow
from apps.pipeline.stages.aggregate import Aggregate

TIMEFRAMES = (60, 300, 900, 3600, 86_400)
FRAME = 500
COUNT = 1_000_000
START = 1_715_040_000 * 10**9


def best(run: Callable[[], object], times: int = 5, clock: Callable[[], float] = time.thread_time) -> float:
    """CPU seconds of the quickest of some runs: other work on the machine counts less."""
    found = []
    for _ in range(times):
        gc.collect()
        begun = clock()
        run()
        found.append(clock() - begun)
    return min(found)


def ticks_of(instruments: int, count: int = COUNT) -> TickArray:
    """A tick of each instrument about every 100 ms, whatever their number."""
    rng = np.random.default_rng(1)
    ticks = np.zeros(count, TICK)
    ticks["instrument"] = rng.integers(1, instruments + 1, count)
    ticks["event_ns"] = START + np.arange(count) * (10**8 // instruments)
    ticks["price"] = 100 + np.cumsum(rng.standard_normal(count)) * 0.01
    ticks["size"], ticks["ask"] = 1.0, np.nan
    return ticks


def candles_ns(instruments: int) -> float:
    """ns a tick, five timeframes, frames of 500."""
    frames = np.split(ticks_of(instruments), COUNT // FRAME)

    def run() -> None:
        for frame in frames:
            builder.add(frame)

    found = []
    for _ in range(6):
        builder = CandleBuilder(dict.fromkeys(range(1, instruments + 1), CRYPTO), TIMEFRAMES)
        builder.add(frames[0][:1])
        found.append(best(run, 1))
    return min(found) / COUNT * 1e9


def stage_ns(instruments: int) -> float:
    """ns a tick of the whole aggregate stage: read a message, candles, quote board, write a message."""
    messages = [
        Message(flow.TICKS, 0, offset, 0, encode(TICKS, frame), 0)
        for offset, frame in enumerate(np.split(ticks_of(instruments), COUNT // FRAME))
    ]
    found = []
    for _ in range(4):
        builder = CandleBuilder(dict.fromkeys(range(1, instruments + 1), CRYPTO), TIMEFRAMES)
        stage = Aggregate(MemoryBus(), builder, QuoteBoard(), len)
        found.append(best(partial(stage.handle, messages), 1))
    return min(found) / COUNT * 1e9


def codec_ns() -> tuple[float, float]:
    """(ours, tobytes and frombuffer) in ns a tick, frames of 500, in the cache as one just made is."""
    frames = [ticks_of(10, FRAME)] * (100_000 // FRAME)

    def ours() -> None:
        for frame in frames:
            decode(encode(TICKS, frame))

    def floor() -> None:
        for frame in frames:
            np.frombuffer(frame.tobytes(), TICK)

    return best(ours, 20) / 100_000 * 1e9, best(floor, 20) / 100_000 * 1e9


def replay_rows_per_s() -> float:
    """Bid/ask ticks in plain CSV, read, checked and made into frames."""
    rows = 1_000_000
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ticks.csv"
        times = np.datetime_as_string((np.arange(rows) * 137_000 + START).view("datetime64[ns]"), unit="us")
        bids = np.round(1.1 + np.cumsum(np.random.default_rng(1).standard_normal(rows)) * 1e-5, 5)
        lines = [f"{at}Z,{bid:.5f},{bid + 0.0001:.5f}" for at, bid in zip(times, bids.tolist(), strict=True)]
        path.write_text("time,bid,ask\n" + "\n".join(lines) + "\n")
        return rows / best(lambda: recording_read(path, 1), 3, time.perf_counter)  # reads with several threads


def rows() -> list[dict[str, Any]]:
    few, many = candles_ns(10), candles_ns(10_000)
    codec, floor = codec_ns()
    stage_few, stage_many = stage_ns(10), stage_ns(10_000)
    return [
        {
            "name": "candles_ns_per_tick",
            "value": few,
            "unit": "ns",
            "floor_value": None,
            "ratio": None,
            "note": f"{len(TIMEFRAMES)} timeframes, frames of {FRAME}, 10 instruments; lower is better",
        },
        {
            "name": "growth_10_to_10000_instruments",
            "value": stage_many / stage_few,
            "unit": "x",
            "ratio": stage_many / stage_few,
            "note": f"the aggregate stage: {stage_few:.1f} ns a tick with 10 instruments, {stage_many:.1f} with 10,000",
        },
        {
            "name": "candle_growth_10_to_10000",
            "value": many / few,
            "unit": "x",
            "ratio": many / few,
            "note": f"its candles alone: {few:.1f} ns with 10, {many:.1f} with 10,000, which no longer fit the caches",
        },
        {
            "name": "frame_codec_ns_per_tick",
            "value": codec,
            "unit": "ns",
            "peer": "tobytes/frombuffer",
            "floor_value": floor,
            "ratio": codec / floor,
            "note": "encode + decode, a frame of 500 just made, against the floor; lower is better",
        },
        {
            "name": "replay_rows_per_s",
            "value": replay_rows_per_s(),
            "unit": "rows/s",
            "note": "CSV of quotes read, checked and framed; higher is better",
        },
    ]
