"""FeedPort over a recorded file: original pace, faster, or as fast as the reader takes it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from threading import Event
from typing import ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from apps.domain.errors import BadInput
from apps.domain.frames import TickArray
from apps.domain.ports import Clock
from apps.domain.sessions import CRYPTO, Calendar
from apps.feeds.pacing import FRAME_ROWS, WallClock, paced
from apps.feeds.replay.check import Report
from apps.feeds.replay.recording import Recording, recording_read

BIG_FRAME_ROWS: Final = 65_536
_WEEK_NS: Final = 7 * 86_400 * 10**9


class ReplayFeed:
    """Plays one recording as one instrument. Event times stay the recorded ones.

    `speed`: 1 original, 60 sixty times as fast, 0 without waiting (then `seen_ns` = `event_ns`, so that
    two replays are the same to the last bit). `longest_wait_s` shortens the wait over nights and weekends.
    `loop` begins again at the end, event times moved on by whole weeks so that time never runs back.
    The rows end with one clock row, at the end of the last trading day.
    """

    kind: ClassVar[str] = "replay"

    def __init__(
        self,
        path: str | Path,
        instrument: int,
        *,
        calendar: Calendar = CRYPTO,
        speed: float = 0.0,
        frame_rows: int = FRAME_ROWS,
        policies: Mapping[str, str] | None = None,
        zone: str | None = None,
        timeframe: int | None = None,
        longest_wait_s: float | None = None,
        loop: bool = False,
        clock: Clock | None = None,
        wait: Callable[[float], object] | None = None,
    ) -> None:
        if speed < 0 or frame_rows < 1:
            raise BadInput("speed is 0 or more and a frame has at least one row", field="speed")
        self.recording: Recording = recording_read(
            path, instrument, calendar=calendar, policies=policies, zone=zone, timeframe=timeframe
        )
        self.instrument, self.speed, self.loop = instrument, speed, loop
        self.source = str(path)
        self.name = f"replay of {Path(path).name}"
        self.row = 0  # of the tick that comes next, counted over one round
        self.round = 0
        self._rows, self._longest_wait_s = frame_rows, longest_wait_s
        self._clock: Clock = clock or WallClock()
        self._stop = Event()
        self._wait = wait or self._stop.wait

    @property
    def report(self) -> Report:
        """What became of the file's rows."""
        return self.recording.report

    def start_at(self, *, row: int | None = None, event_ns: int | None = None) -> None:
        """Where the next frames() begins: a tick's row as in `row`, or the first tick at or after a time."""
        ticks = self.recording.ticks
        if event_ns is not None:
            row = int(np.searchsorted(ticks["event_ns"], event_ns, "left"))
        if row is None or not 0 <= row <= len(ticks):
            raise BadInput(f"a replay of {len(ticks)} ticks cannot start at row {row}", field="row")
        self.row = row

    def frames(self) -> Iterator[TickArray]:
        """The ticks from `row` on. Called again after stop() it goes on where it stopped."""
        self._stop.clear()
        while not self._stop.is_set():
            for frame in self._frames_of_round():
                self.row += len(frame)
                yield frame
            if self.row < len(self.recording.ticks) or not self.loop:
                return
            self.row, self.round = 0, self.round + 1

    def stop(self) -> None:
        self._stop.set()

    def _frames_of_round(self) -> Iterator[TickArray]:
        ticks = self.recording.ticks[self.row :]
        if self.round:
            ticks = ticks.copy()
            for column in ("event_ns", "seen_ns"):
                ticks[column] += self.round * self._round_ns()
        if self.speed:
            yield from paced(
                ticks, self._play_ns(ticks["event_ns"]), self.speed, self._rows, self._clock, self._wait,
                self._stop.is_set,
            )  # fmt: skip
            return
        for row in range(0, len(ticks), self._rows):
            if self._stop.is_set():
                return
            yield ticks[row : row + self._rows]

    def _round_ns(self) -> int:
        """Whole weeks, long enough that the next round begins after this one's end."""
        times = self.recording.ticks["event_ns"]
        return -(-int(times[-1] - times[0]) // _WEEK_NS) * _WEEK_NS

    def _play_ns(self, times: NDArray[np.int64]) -> NDArray[np.int64]:
        steps = np.diff(times, prepend=times[:1])
        if self._longest_wait_s is not None:
            steps = np.minimum(steps, int(self._longest_wait_s * 1e9 * self.speed))
        return np.cumsum(steps)


def replay_frames(
    path: str | Path,
    instrument: int,
    *,
    calendar: Calendar = CRYPTO,
    frame_rows: int = BIG_FRAME_ROWS,
    policies: Mapping[str, str] | None = None,
    zone: str | None = None,
    timeframe: int | None = None,
) -> Iterator[TickArray]:
    """A file's ticks in big frames without waiting: what a backtest reads."""
    feed = ReplayFeed(
        path, instrument, calendar=calendar, frame_rows=frame_rows, policies=policies, zone=zone, timeframe=timeframe
    )
    yield from feed.frames()
