"""Ticks to candles: all instruments and timeframes in one compiled loop, aligned to each venue's sessions.

A candle starts at session open + k * timeframe and ends at start + timeframe or the session's close,
whichever is first; a tick exactly at the end belongs to the next candle. 86400 is the trading day, from
its first open to its last close. A bucket without a tick makes no candle.

A tick touches one cache line only: the candle of the *base* length (the greatest common divisor of the
timeframes). Larger candles take over whole base candles when those close, so a larger candle is exactly
what resampling the smaller ones would give, and the cost of a tick is flat in timeframes and instruments.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from functools import reduce
from math import gcd
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from apps.domain import candle_kernel as kernel
from apps.domain.errors import BadData, BadInput
from apps.domain.frames import CANDLE, CandleArray, TickArray
from apps.domain.sessions import SESSION_COLUMNS, Calendar
from apps.domain.timeframes import DAY

MAX_NUMBER: Final = 1 << 24
_OUTSIDE: Final = {"drop": 0, "own": 1}
_HEADER: Final = struct.Struct("<4sHI")  # magic, version, length of the JSON that follows
_MAGIC: Final = b"VXCB"
_SAVED: Final = 1


class CandleBuilder:
    """Feed it tick frames in order; it returns what closed.

    `outside`: what to do with ticks outside all sessions: "drop" counts them, "own" gives them candles of
    their own, aligned to the UTC epoch and cut at the sessions around. A *late* tick, older than the
    start of the smallest forming candle or than a closed candle's end, is counted and changes nothing.
    So is a price that is not a number, and a tick of an instrument nobody added.
    """

    def __init__(self, calendars: Mapping[int, Calendar], timeframes: Sequence[int], *, outside: str = "drop") -> None:
        self.timeframes = tuple(sorted(set(timeframes)))
        if not self.timeframes or self.timeframes[0] < 1 or self.timeframes[-1] > DAY:
            raise BadInput(f"timeframes are 1 to {DAY} seconds, not {list(timeframes)}", field="timeframes")
        if outside not in _OUTSIDE:
            raise BadInput(f"outside is 'drop' or 'own', not {outside!r}", field="outside")
        self._own = _OUTSIDE[outside]
        base = reduce(gcd, self.timeframes)
        self._steps = np.array([base, *self.timeframes], np.int64)  # level 0 is the base, never given out
        self._slots: dict[int, int] = {}
        self._calendars: list[Calendar] = []
        self._calendar_index: dict[Calendar, int] = {}
        self._slot_of: NDArray[np.int32] = np.full(1024, -1, np.int32)
        self._state = kernel.state_new(8, len(self._steps))
        self._counts = np.zeros(kernel.COUNTS, np.int64)
        self._out: CandleArray = np.empty(256, CANDLE)
        self._sessions: NDArray[np.int64] = np.empty((0, SESSION_COLUMNS), np.int64)
        self._spans: NDArray[np.int64] = np.empty(
            (0, 4), np.int64
        )  # per calendar: first row, last row + 1, low ns, high ns
        for number, calendar in calendars.items():
            self.add_instrument(number, calendar)

    def add_instrument(self, number: int, calendar: Calendar) -> None:
        """From now on candles are built for it. Adding it again with the same calendar changes nothing."""
        if not 0 < number < MAX_NUMBER:
            raise BadInput(f"instrument numbers are 1 to {MAX_NUMBER - 1}, not {number}", field="instrument")
        if number in self._slots:
            if self.calendar(number) != calendar:
                raise BadInput(f"instrument {number} already follows {self.calendar(number).name}", field="calendar")
            return
        slot = len(self._slots)
        if slot == len(self._state.forming):
            self._state = kernel.state_grown(self._state)
        if number >= len(self._slot_of):
            more = np.full(max(number + 1, 2 * len(self._slot_of)) - len(self._slot_of), -1, np.int32)
            self._slot_of = np.concatenate((self._slot_of, more))
        self._slots[number] = self._slot_of[number] = slot
        self._state.place[slot, kernel.NUMBER] = number
        self._state.place[slot, kernel.CALENDAR] = self._calendar_add(calendar)

    def _calendar_add(self, calendar: Calendar) -> int:
        if calendar not in self._calendar_index:
            self._calendar_index[calendar] = len(self._calendars)
            self._calendars.append(calendar)
            self._sessions_copy()
        return self._calendar_index[calendar]

    def _sessions_copy(self) -> None:
        """Lay the calendars' session tables end to end for the kernel."""
        spans = [calendar.table.span for calendar in self._calendars]
        ends = np.cumsum([0, *(len(span.array) for span in spans)])
        self._sessions = np.concatenate([span.array for span in spans])
        self._spans = np.array(
            [(ends[i], ends[i + 1], span.low_ns, span.high_ns) for i, span in enumerate(spans)], np.int64
        )

    @property
    def instruments(self) -> tuple[int, ...]:
        return tuple(self._slots)

    def calendar(self, instrument: int) -> Calendar:
        """The calendar an instrument was added with. Raises BadInput if it was not."""
        return self._calendars[int(self._state.place[self._slot(instrument), kernel.CALENDAR])]

    def _slot(self, instrument: int) -> int:
        try:
            return self._slots[instrument]
        except KeyError:
            raise BadInput(f"no candles are built for instrument {instrument}: add it first") from None

    def add(self, ticks: TickArray) -> CandleArray:
        """The candles these ticks and clock rows closed, in order of the row that closed them, smaller
        timeframe first on one row."""
        rows = np.ascontiguousarray(ticks).view()
        rows.flags.writeable = False  # one compiled form for arrays and for views of messages
        row = closed = 0
        while True:
            row, closed, wants = kernel.run(
                rows, row, self._out, closed, self._steps, self._slot_of, len(self._slots),
                self._state.forming, self._state.prices, self._state.place, self._state.due,
                self._sessions, self._spans, self._counts, self._own,
            )  # fmt: skip
            if wants == kernel.DONE:
                return self._out[:closed].copy()
            if wants == kernel.ROOM:
                more = max(len(self._out), len(self._slots) * len(self.timeframes))
                self._out = np.concatenate((self._out, np.empty(more, CANDLE)))
            else:  # sessions around this row's time
                self._calendars[wants].table.cover(int(rows["event_ns"][row]))
                self._sessions_copy()

    def forming(self, instrument: int, timeframe: int) -> np.void | None:
        """The candle as it stands (a CANDLE row of its own, `row` 0), None before its first tick."""
        if timeframe not in self.timeframes:
            raise BadInput(f"no {timeframe} s candles are built", field="timeframe")
        level = 1 + self.timeframes.index(timeframe)
        out = np.empty(1, CANDLE)
        slot = self._slot(instrument)
        return out[0] if kernel.forming(out, 0, slot, level, self._steps, *self._arrays) else None

    def forming_all(self) -> CandleArray:
        """All candles that have begun, by instrument in the order of adding, smaller timeframe first."""
        out = np.empty(len(self._slots) * len(self.timeframes), CANDLE)
        count = 0
        for slot in range(len(self._slots)):
            for level in range(1, len(self._steps)):
                count += kernel.forming(out, count, slot, level, self._steps, *self._arrays)
        return out[:count]

    @property
    def _arrays(self) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]]:
        return self._state.forming, self._state.prices, self._state.place

    def _counted(self, column: int) -> dict[int, int]:
        counts = self._state.place[: len(self._slots), column]
        return {number: int(counts[slot]) for number, slot in self._slots.items() if counts[slot]}

    @property
    def outside(self) -> dict[int, int]:
        """Ticks outside all sessions, by instrument; those that have none are left out."""
        return self._counted(kernel.OUTSIDE)

    @property
    def late(self) -> dict[int, int]:
        """Late ticks by instrument."""
        return self._counted(kernel.LATE)

    @property
    def broken(self) -> dict[int, int]:
        """Ticks whose price is not a number, by instrument."""
        return self._counted(kernel.BROKEN)

    @property
    def unknown(self) -> int:
        """Ticks of instruments nobody added."""
        return int(self._counts[0])

    @property
    def timeless(self) -> int:
        """Rows whose event time is not between 1970 and 2100; they change nothing."""
        return int(self._counts[1])

    def save(self) -> bytes:
        """All that is forming, to go on from later with restore()."""
        count = len(self._slots)
        facts = {
            "timeframes": self.timeframes,
            "own": self._own,
            "counts": self._counts.tolist(),
            "instruments": [[number, self.calendar(number).name] for number in self._slots],
        }
        text = json.dumps(facts).encode()
        arrays = (self._state.forming, self._state.place, self._state.due)
        head = _HEADER.pack(_MAGIC, _SAVED, len(text))
        return b"".join((head, text, *(array[:count].tobytes() for array in arrays)))

    def restore(self, saved: bytes) -> None:
        """Go on where save() was called. Instruments added since stay and start empty.

        Raises BadData for other bytes, BadInput when the timeframes, the policy or a calendar differ.
        """
        facts, body = _saved_split(saved)
        if facts["timeframes"] != list(self.timeframes) or facts["own"] != self._own:
            raise BadInput("this state was saved with other timeframes or another policy", saved=facts["timeframes"])
        for number, name in facts["instruments"]:
            if number not in self._slots or self.calendar(number).name != name:
                raise BadInput(f"add instrument {number} with calendar {name} before restoring", instrument=number)
        count = len(facts["instruments"])
        slots = np.array([self._slots[number] for number, _ in facts["instruments"]], np.int64)
        calendars = self._state.place[slots, kernel.CALENDAR]
        at = 0
        for array in (self._state.forming, self._state.place, self._state.due):
            size = array[:1].nbytes * count
            if at + size > len(body):
                raise BadData("saved candle state is cut off", bytes=len(body))
            array[slots] = np.frombuffer(body, array.dtype, array[:1].size * count, at).reshape(-1, *array.shape[1:])
            at += size
        self._state.place[slots, kernel.CALENDAR] = calendars
        self._counts[:] = facts["counts"]


def candles_resample(candles: CandleArray, calendar: Calendar, timeframe: int) -> CandleArray:
    """Closed candles of one instrument, in order, to a bigger timeframe of the same calendar.

    The same numbers the builder makes from the ticks when its base is the candles' own length. The last
    one may still be growing. `row`: index of the last candle taken in. Candles outside sessions are left out.
    """
    if not len(candles):
        return np.empty(0, CANDLE)
    first, last = int(candles["start_ns"].min()), int(candles["start_ns"].max())
    sessions = calendar.table.cover(first, last).array
    out = np.empty(len(candles), CANDLE)
    count = kernel.resample(np.ascontiguousarray(candles), out, sessions, timeframe)
    if count < 0:
        raise BadInput("candles to resample are of one instrument, in order, and shorter than the new timeframe")
    return out[:count]


def _saved_split(saved: bytes) -> tuple[dict[str, Any], bytes]:
    if len(saved) < _HEADER.size:
        raise BadData("not a saved candle state", bytes=len(saved))
    magic, version, length = _HEADER.unpack_from(saved)
    if magic != _MAGIC or version != _SAVED:
        raise BadData("not a saved candle state this version reads", magic=magic, version=version)
    return json.loads(saved[_HEADER.size : _HEADER.size + length]), saved[_HEADER.size + length :]
