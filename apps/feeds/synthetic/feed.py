"""FeedPort over made-up markets: seeded, several at once, always labelled as synthetic."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from threading import Event
from typing import ClassVar, Final

import numpy as np

from apps.domain.errors import BadInput
from apps.domain.frames import CLOCK, TICK, TickArray
from apps.domain.ports import Clock
from apps.feeds.pacing import FRAME_ROWS, WallClock, paced
from apps.feeds.synthetic.path import MINUTE_NS, PricePath
from apps.feeds.synthetic.spec import MarketSpec
from apps.feeds.synthetic.ticks import ticks_between

_BLOCK_MINUTES: Final = 10
_DAY_MINUTES: Final = 1440
_LIVE, _HISTORY = 1, 2  # streams of random numbers


class SyntheticFeed:
    """Ticks of several markets, from `start_ns` on (now when not given), without end unless `until_ns`.

    Seed, market and minute fix the price, so every start with one seed shows one and the same market.
    `speed`: 1 real time, 60 an hour a minute, 0 without waiting (then the same rows every time). With
    `until_ns` the last row is a clock for all instruments.
    """

    kind: ClassVar[str] = "synthetic"
    source: ClassVar[str] = "made-up prices"

    def __init__(
        self,
        markets: Mapping[int, MarketSpec],
        *,
        seed: int = 1,
        start_ns: int | None = None,
        until_ns: int | None = None,
        speed: float = 1.0,
        frame_rows: int = FRAME_ROWS,
        clock: Clock | None = None,
        wait: Callable[[float], object] | None = None,
    ) -> None:
        if not markets or seed < 0 or speed < 0 or frame_rows < 1:
            raise BadInput("a synthetic feed has a market, a seed and a speed of 0 or more, a row a frame or more")
        self._clock: Clock = clock or WallClock()
        self.start_ns = self._clock.now_ns() if start_ns is None else start_ns
        self.until_ns, self.seed, self.speed = until_ns, seed, speed
        self.markets = dict(markets)
        self.name = f"synthetic: {', '.join(spec.symbol for spec in markets.values())}, seed {seed}"
        self._paths = {number: PricePath(spec, seed) for number, spec in markets.items()}
        self._rows = frame_rows
        self._stop = Event()
        self._wait = wait or self._stop.wait

    def history(self, days: float, *, rate: float = 0.25) -> Iterator[TickArray]:
        """Ticks of the `days` before `start_ns`, oldest first, a day an array: the same minutes the live ticks
        go on from, drawn more thinly (`rate` a second), so that the first chart is not empty."""
        first = int(self.start_ns - days * _DAY_MINUTES * MINUTE_NS) // MINUTE_NS
        last = self.start_ns // MINUTE_NS
        for begin in range(first - first % _DAY_MINUTES, last + 1, _DAY_MINUTES):
            rates = dict.fromkeys(self.markets, rate)
            ticks = self._ticks(begin, _DAY_MINUTES, rates, _HISTORY)
            ticks = ticks[(ticks["event_ns"] >= first * MINUTE_NS) & (ticks["event_ns"] < self.start_ns)]
            if len(ticks):
                yield ticks

    def frames(self) -> Iterator[TickArray]:
        """Ticks from `start_ns` on. In paced modes the present falls behind only if the reader does."""
        self._stop.clear()
        begun = self._clock.now_ns()
        begin = self.start_ns // MINUTE_NS
        begin -= begin % _BLOCK_MINUTES
        rates = {number: spec.rate for number, spec in self.markets.items()}
        while not self._stop.is_set() and (self.until_ns is None or begin * MINUTE_NS < self.until_ns):
            ticks = self._ticks(begin, _BLOCK_MINUTES, rates, _LIVE)
            ticks = ticks[ticks["event_ns"] >= self.start_ns]
            if self.until_ns is not None:
                ticks = ticks[ticks["event_ns"] < self.until_ns]
            yield from self._handed_out(ticks, begun)
            begin += _BLOCK_MINUTES
        if self.until_ns is not None and not self._stop.is_set():
            yield from self._handed_out(_clock_row(self.until_ns), begun)

    def stop(self) -> None:
        self._stop.set()

    def _handed_out(self, ticks: TickArray, begun: int) -> Iterator[TickArray]:
        if self.speed:
            play = ticks["event_ns"] - self.start_ns
            yield from paced(
                ticks, play, self.speed, self._rows, self._clock, self._wait, self._stop.is_set, begun
            )  # fmt: skip
            return
        for row in range(0, len(ticks), self._rows):
            if self._stop.is_set():
                return
            yield ticks[row : row + self._rows]

    def _ticks(self, begin: int, count: int, rates: Mapping[int, float], stream: int) -> TickArray:
        """All markets' ticks of some minutes, in order of time."""
        parts = []
        for number, spec in self.markets.items():
            rng = np.random.default_rng([self.seed, stream, begin, *spec.symbol.encode()])
            minutes = self._paths[number].minutes(begin, count)
            parts.append(ticks_between(spec, number, minutes, rates[number], rng))
        ticks = np.concatenate(parts)
        return ticks[np.argsort(ticks["event_ns"], kind="stable")]


def _clock_row(at: int) -> TickArray:
    row = np.zeros(1, TICK)
    row["flags"], row["event_ns"], row["seen_ns"] = CLOCK, at, at
    row["price"] = row["ask"] = np.nan
    return row
