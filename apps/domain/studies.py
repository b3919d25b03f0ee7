"""The indicators of one instrument and timeframe (Study), or of thousands at once (StudyBank).

Values of closed candles are final, values of the forming candle provisional: at the last tick of a candle the
provisional row equals, to the bit, the final one that follows, and the row a whole-array run gives.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from math import nan
from typing import Final

import numpy as np
from numpy.typing import NDArray

from apps.domain.errors import BadInput
from apps.domain.frames import CandleArray
from apps.domain.indicators.kernels import LINE, NOTHING, SLOT_START, candle_rows, slot_closes, slot_ticks, tick_rows
from apps.domain.indicators.layout import Layout
from apps.domain.indicators.registry import Request

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_SAVED: Final = struct.Struct("<4sHIIq")  # magic, version, length of the texts, floats of state, candles
_MAGIC, _VERSION = b"VXST", 1  # raise the version when a step keeps its state in another way


class Forming:
    """The candle that is being built, for `Study.peek_rows`: prices (5) and times (2), moved on in place."""

    __slots__ = ("prices", "times")

    def __init__(
        self, start_ns: int, session_ns: int, open: float = nan, high: float = nan, low: float = nan,
        close: float = nan, volume: float = 0.0,
    ) -> None:  # fmt: skip
        """Without prices the first tick opens the candle."""
        self.prices: Floats = np.array([open, high, low, close, volume], np.float64)
        self.times: Ints = np.array([start_ns, session_ns], np.int64)


class Study:
    """The indicators of one instrument and timeframe, named by requests or their text form: `ema(20)`."""

    def __init__(self, requests: Iterable[Request | str]) -> None:
        """Raises BadInput where a request cannot be read."""
        self._layout = Layout(requests)
        self._state: Floats = np.zeros(self._layout.size)
        self.candles = 0
        """Closed candles taken so far; from `warm_up` on every output is final."""

    @property
    def columns(self) -> dict[str, slice]:
        """Text form -> its columns in a row of values."""
        return self._layout.columns

    @property
    def labels(self) -> tuple[str, ...]:
        """One name a column: `rsi(14)`, `macd(12,26,9).signal`."""
        return self._layout.labels

    @property
    def warm_up(self) -> int:
        """Candles until every output has had its first final value."""
        return self._layout.warm_up

    def close(self, candles: CandleArray) -> Floats:
        """Commit closed candles, oldest first; final values (n, outputs), NaN while warming up."""
        prices = np.empty((len(candles), 5))
        for place, field in enumerate(("open", "high", "low", "close", "volume")):
            prices[:, place] = candles[field]
        times = np.empty((len(candles), 2), np.int64)
        times[:, 0], times[:, 1] = candles["start_ns"], candles["session_ns"]
        self.candles += len(candles)
        return self._run(prices, times, 1)

    def peek(
        self, open: float, high: float, low: float, close: float, volume: float, start_ns: int, session_ns: int
    ) -> Floats:
        """Provisional values (outputs,) of a candle that stands like this; changes nothing."""
        prices = np.array([[open, high, low, close, volume]], np.float64)
        return self._run(prices, np.array([[start_ns, session_ns]], np.int64), 0).reshape(-1)

    def peek_rows(self, forming: Forming, price: Floats, size: Floats) -> Floats:
        """Provisional values (n, outputs) after each of these ticks of one candle; moves `forming` on.

        A tick without a price (NaN) leaves the candle as it is and gets NaN.
        """
        layout, count = self._layout, _same_length(price, size)
        out = np.empty((count, layout.width))
        tick_rows(
            layout.plan, layout.params, self._state, forming.prices, forming.times, _plain(price), _plain(size),
            out.reshape(-1), layout.width,
        )  # fmt: skip
        return out

    def save(self) -> bytes:
        """All that has been committed, for `restore`."""
        texts = "\n".join(self.columns).encode()
        body = _SAVED.pack(_MAGIC, _VERSION, len(texts), len(self._state), self.candles) + texts
        body += self._state.tobytes()
        return body + struct.pack("<I", zlib.crc32(body))

    def restore(self, saved: bytes) -> None:
        """Stand where `saved` was made. Raises BadInput unless it is whole and of the same indicators."""
        body, check = saved[:-4], saved[-4:]
        if len(saved) < _SAVED.size + 4 or struct.pack("<I", zlib.crc32(body)) != check:
            raise BadInput("the saved indicators are damaged; feed the history again", field="state")
        magic, version, length, floats, candles = _SAVED.unpack_from(body)
        texts = body[_SAVED.size : _SAVED.size + length].decode().split("\n")
        if (magic, version) != (_MAGIC, _VERSION) or floats != len(self._state) or texts != list(self.columns or ("",)):
            raise BadInput(
                "the saved indicators are others than these, or of another version; feed the history again",
                field="state", saved=texts, wanted=list(self.columns), version=version,
            )  # fmt: skip
        self._state[:] = np.frombuffer(body, np.float64, floats, _SAVED.size + length)
        self.candles = candles

    def _run(self, prices: Floats, times: Ints, commit: int) -> Floats:
        layout = self._layout
        out = np.empty((len(prices), layout.width))
        candle_rows(layout.plan, layout.params, self._state, prices, times, out.reshape(-1), layout.width, commit)
        return out


@dataclass(frozen=True, slots=True)
class Ticked:
    """What a frame of ticks did to a bank: `values` (n, outputs) provisional after each tick; candles that ticks
    of a later candle ended, `finals` (m, outputs) with the tick rows `final_rows` (m,) that ended them."""

    values: Floats
    finals: Floats
    final_rows: Ints


class StudyBank:
    """The same indicators for many slots, a slot being one instrument on one timeframe; builds their candles."""

    def __init__(self, requests: Iterable[Request | str], slots: int) -> None:
        self._layout = Layout(requests)
        self.slots = slots
        self._stride = -(-self._layout.size // LINE) * LINE
        self._states: Floats = _in_lines(slots * self._stride)
        self._candles: Floats = _in_lines(slots * LINE).reshape(slots, LINE)
        self._clock: Ints = self._candles.view(np.int64)
        self._clock[:, SLOT_START] = NOTHING

    @property
    def columns(self) -> dict[str, slice]:
        """Text form -> its columns in a row of values."""
        return self._layout.columns

    def on_ticks(self, slot: Ints, price: Floats, size: Floats, start_ns: Ints, session_ns: Ints) -> Ticked:
        """A frame of ticks, oldest first. `start_ns`, `session_ns`: of the candle each tick belongs to.

        A tick of another candle than the slot's forming one commits that first. Raises BadInput where a slot is
        none of this bank, or where the arrays have different lengths.
        """
        layout, count = self._layout, _same_length(slot, price, size, start_ns, session_ns)
        values, finals = np.empty((count, layout.width)), np.empty((count, layout.width))
        rows = np.empty(count, np.int64)
        closed = slot_ticks(
            layout.plan, layout.params, self._states, self._stride, self._candles, self._clock, _plain(slot),
            _plain(price), _plain(size), _plain(start_ns), _plain(session_ns), values.reshape(-1),
            finals.reshape(-1), rows, layout.width,
        )  # fmt: skip
        if closed < 0:
            raise self._no_such_slot()
        return Ticked(values, finals[:closed], rows[:closed])

    def close(self, slot: Ints) -> Floats:
        """Commit the forming candles of these slots, as when event time has passed their end; their final values
        (n, outputs), NaN for a slot that had none."""
        if len(slot) and (int(slot.min()) < 0 or int(slot.max()) >= self.slots):
            raise self._no_such_slot()
        out = np.empty((len(slot), self._layout.width))
        slot_closes(
            self._layout.plan, self._layout.params, self._states, self._stride, self._candles, self._clock,
            _plain(slot), out.reshape(-1), self._layout.width,
        )  # fmt: skip
        return out

    @property
    def width(self) -> int:
        """Columns of a row of values."""
        return self._layout.width

    def forming(self, slot: int) -> Floats | None:
        """(open, high, low, close, volume) of a slot's forming candle, None where there is none."""
        return None if self._clock[slot, SLOT_START] == NOTHING else self._candles[slot, :5].copy()

    def _no_such_slot(self) -> BadInput:
        return BadInput(f"slots of this bank run from 0 to {self.slots - 1}", field="slot", slots=self.slots)


def _in_lines(floats: int) -> Floats:
    """Zeros that begin where a cache line begins."""
    room = np.zeros(floats + LINE)
    skip = -room.ctypes.data // 8 % LINE
    return room[skip : skip + floats]


def _same_length(*columns: NDArray[np.generic]) -> int:
    lengths = {len(column) for column in columns}
    if len(lengths) != 1:
        raise BadInput(f"the columns of a frame of ticks differ in length: {sorted(lengths)}", field="ticks")
    return lengths.pop()


def _plain[Number: (np.float64, np.int64)](column: NDArray[Number]) -> NDArray[Number]:
    """What the kernels take without a copy: aligned; a column of a frame usually is."""
    return column if column.flags.aligned else column.copy()
