"""A calendar's sessions as flat arrays, made as far as they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from threading import Lock
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from apps.domain.errors import BadInput

DAY_NS: Final = 86_400 * 10**9
EPOCH_ORDINAL: Final = date(1970, 1, 1).toordinal()
FIRST_NS: Final = 0  # 1970
LAST_NS: Final = 47_482 * DAY_NS  # 2100
_MARGIN_DAYS: Final = 8  # a part may lie up to seven days from its trading day
_CHUNK_DAYS: Final = 120

SESSION_COLUMNS: Final = 4
"""Columns of `Span.array`: open, close, open of the trading day, close of the trading day (ns)."""


class Span(NamedTuple):
    """Sessions in order of time, right from `low_ns` up to `high_ns`. Never changed once made.

    `opens`, `closes` (ns) and `days` (proleptic ordinals) are lists for Python, `array` the same as
    int64 for compiled code.
    """

    opens: list[int]
    closes: list[int]
    days: list[int]
    array: NDArray[np.int64]
    low_ns: int
    high_ns: int


class SessionTable:
    """The span of sessions around all times asked for so far. Safe to share between threads."""

    def __init__(self, sessions: Callable[[date], Sequence[tuple[int, int, date]]]) -> None:
        self._sessions = sessions
        self._low = self._high = 0  # ordinals [low, high) that have been made
        self._grows = Lock()
        self.span = Span([], [], [], np.empty((0, SESSION_COLUMNS), np.int64), 0, 0)

    def cover(self, ns: int, upto_ns: int | None = None) -> Span:
        """A span that is right from `ns` to `upto_ns`. Raises BadInput outside 1970 to 2100."""
        upto_ns = ns if upto_ns is None else upto_ns
        span = self.span
        if span.low_ns <= ns and upto_ns < span.high_ns:
            return span
        if not FIRST_NS <= ns <= upto_ns < LAST_NS:
            raise BadInput(f"{ns} ns is not a time between 1970 and 2100", ns=ns)
        low = ns // DAY_NS + EPOCH_ORDINAL - _CHUNK_DAYS - _MARGIN_DAYS
        high = upto_ns // DAY_NS + EPOCH_ORDINAL + _CHUNK_DAYS + _MARGIN_DAYS
        with self._grows:
            if self._high:
                low, high = min(low, self._low), max(high, self._high)
            self.span = self._extended(low, high)
            return self.span

    def _extended(self, low: int, high: int) -> Span:
        if not self._high:
            self._low = self._high = low
        before, after, old = self._rows(low, self._low), self._rows(self._high, high), self.span
        self._low, self._high = low, high
        array = np.concatenate((before[:, :SESSION_COLUMNS], old.array, after[:, :SESSION_COLUMNS]))
        return Span(
            opens=array[:, 0].tolist(),
            closes=array[:, 1].tolist(),
            days=[*before[:, -1].tolist(), *old.days, *after[:, -1].tolist()],
            array=array,
            low_ns=(low + _MARGIN_DAYS - EPOCH_ORDINAL) * DAY_NS,
            high_ns=(high - _MARGIN_DAYS - EPOCH_ORDINAL) * DAY_NS,
        )

    def _rows(self, low: int, high: int) -> NDArray[np.int64]:
        """One row a session of the trading days [low, high): the columns of `array`, then the ordinal."""
        rows = [
            (opens, closes, sessions[0][0], sessions[-1][1], ordinal)
            for ordinal in range(low, high)
            if (sessions := self._sessions(date.fromordinal(ordinal)))
            for opens, closes, _ in sessions
        ]
        return np.array(rows, np.int64).reshape(-1, SESSION_COLUMNS + 1)
