"""A process of its own for the path's benchmark: all stages on a real SQLite file, three strategies, one JSON line.

Arguments: `flood TICKS` (as fast as it goes) or `paced TICKS_A_SECOND SECONDS` (tick → decision).
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from velox.env import default_settings

default_settings()

import django

django.setup()

from django.core.management import call_command

from apps.domain.frames import QUOTE, TICK, TickArray
from apps.domain.messages import CancelWanted, Signal
from apps.pipeline.stages.guard import Guard
from apps.pipeline.stages.ingest import Ingest
from apps.pipeline.warmup import pieces_needed
from velox.wiring import System

INSTRUMENTS = 10
STRATEGIES = (
    ("ema_cross", {"fast": 5, "slow": 12}),
    ("rsi_reversion", {"period": 5, "low": 25, "high": 75, "short": True}),
    ("donchian_breakout", {"entry": 10, "exit": 5}),
)
FRAME = 500


def market(count: int, per_second: int, start_ns: int, seed: int = 3) -> TickArray:
    """A random walk of quotes, instruments in turn, evenly spaced."""
    noise = np.random.default_rng(seed)
    ticks = np.zeros(count, TICK)
    ticks["instrument"] = 1 + np.arange(count) % INSTRUMENTS
    ticks["flags"] = QUOTE
    ticks["event_ns"] = ticks["seen_ns"] = start_ns + np.arange(count) * (10**9 // per_second)
    steps = noise.integers(-1, 2, (count + INSTRUMENTS - 1) // INSTRUMENTS * INSTRUMENTS).reshape(-1, INSTRUMENTS)
    ticks["price"] = (100_000 + np.cumsum(steps, axis=0).reshape(-1)[:count]) / 100
    ticks["ask"] = np.round(ticks["price"] + 0.02, 2)
    return ticks


QUICK = (
    ("ema_cross", {"fast": 2, "slow": 3}),
    ("rsi_reversion", {"period": 2, "low": 40, "high": 60, "short": True}),
    ("donchian_breakout", {"entry": 3, "exit": 2, "atr": 2}),
)


def installation(timeframe: int, strategies: Sequence[tuple[str, dict[str, Any]]] = STRATEGIES) -> None:
    from apps.risk.models import RiskLimit
    from tests import builders

    call_command("migrate", verbosity=0)
    account = builders.account(starting_cash=10_000_000)
    instruments = [builders.instrument(number, calendar="CRYPTO") for number in range(1, INSTRUMENTS + 1)]
    RiskLimit.objects.update_or_create(scope="installation", defaults={"max_daily_loss_pct": 100})
    for place, (strategy, params) in enumerate(strategies):
        builders.run(
            account,
            instruments if timeframe > 1 else [instruments[3 * place]],
            strategy=strategy,
            params=params,
            timeframe=timeframe,
            state="running",
        )
    for _, compile_ in pieces_needed():
        compile_()


class Feed:
    """Frames from an array: at once, or each when its last tick is due."""

    name, kind = "bench", "synthetic"

    def __init__(self, ticks: TickArray, rows: int, paced: bool) -> None:
        self._ticks, self._rows, self._paced = ticks, rows, paced
        self.published: list[tuple[int, int]] = []

    def frames(self) -> Iterator[TickArray]:
        if not self._paced:
            yield from (self._ticks[at : at + self._rows] for at in range(0, len(self._ticks), self._rows))
            return
        at, due = 0, self._ticks["event_ns"]
        while at < len(due):
            upto = int(np.searchsorted(due, time.time_ns(), "right"))
            if upto > at:
                frame = self._ticks[at:upto].copy()
                frame["seen_ns"] = time.time_ns()
                yield frame
                at = upto
            time.sleep(0.0008)

    def stop(self) -> None: ...


class TimedGuard(Guard):
    """Notes how long after its tick was seen each decision stood in the database."""

    def __init__(self, system: System) -> None:
        super().__init__(system.bus)
        self._tape, self._partitions, self.ms = system.tape, system.bus.partitions("velox.ticks"), list[float]()

    def decided(self, signal: Signal | CancelWanted) -> None:
        if not isinstance(signal, Signal):
            return
        offset, row = signal.tape_at >> 20, signal.tape_at & ((1 << 20) - 1)
        seen = int(self._tape.frame(signal.instrument % self._partitions, offset)["seen_ns"][row])
        self.ms.append((time.time_ns() - seen) / 1e6)


def run(ticks: TickArray, rows: int, paced: bool) -> dict[str, Any]:
    system = System()
    guard = TimedGuard(system)
    system._guard = lambda: guard  # type: ignore[method-assign]
    host = system.stage_host()
    while host.turn():
        pass
    host._idle_round(float("inf"))  # the roster opens its lanes before the first tick
    host.start()
    ingest = Ingest(system.bus, Feed(ticks, rows, paced))
    started = time.perf_counter()
    ingest.start()
    ingest.done.wait()
    if not host.drain(300):
        raise SystemExit("the stages did not finish")
    seconds = time.perf_counter() - started
    from apps.orders.models import Fill, Order

    return {
        "seconds": seconds,
        "ticks_per_s": len(ticks) / seconds,
        "orders": Order.objects.count(),
        "fills": Fill.objects.count(),
        "decisions_ms": guard.ms,
        "stages": [[s["name"], s["seconds"], s["messages"], s["errors"]] for s in host.health()["stages"]],
        "rss_mib": rss_mib() - ticks.nbytes / 2**20,  # without the recording itself
    }


def rss_mib() -> float:
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * 4096 / 2**20


def main(mode: str, *numbers: str) -> dict[str, Any]:
    if mode == "flood":
        installation(60)
        return run(market(int(numbers[0]), 200, time.time_ns()), FRAME, paced=False)
    rate, seconds = int(numbers[0]), int(numbers[1])
    installation(1, QUICK)
    ticks = market(rate * seconds, rate, time.time_ns() + 3_000_000_000)
    return run(ticks, max(1, rate // 1000), paced=True)


if __name__ == "__main__":
    answer = main(*sys.argv[1:])
    print(json.dumps(answer), flush=True)
