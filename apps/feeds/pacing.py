"""Handing out recorded or generated ticks at the pace of their own clock."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from apps.domain.frames import TickArray
from apps.domain.ports import Clock

FRAME_ROWS: Final = 500
AHEAD_NS: Final = 1_000_000
"""A frame is sent when the next tick is due later than this."""


class WallClock:
    """The machine's clock."""

    def now_ns(self) -> int:
        return time.time_ns()


def paced(
    ticks: TickArray,
    play_ns: NDArray[np.int64],
    speed: float,
    rows: int,
    clock: Clock,
    wait: Callable[[float], object],
    stopped: Callable[[], bool],
    begun_ns: int | None = None,
) -> Iterator[TickArray]:
    """Frames of at most `rows` ticks, each no earlier than its ticks are due. `play_ns`: when each tick is
    due after `begun_ns` (now when not given) at speed 1. `seen_ns` becomes the clock's time when a
    frame is handed out."""
    begun, row = clock.now_ns() if begun_ns is None else begun_ns, 0
    while row < len(ticks) and not stopped():
        now = clock.now_ns()
        played = int((now - begun + AHEAD_NS) * speed)
        upto = min(int(np.searchsorted(play_ns, played, "right")), row + rows)
        if upto > row:
            frame = ticks[row:upto].copy()
            frame["seen_ns"] = now
            row = upto
            yield frame
        else:
            wait((int(play_ns[row]) / speed - (now - begun)) / 1e9)
