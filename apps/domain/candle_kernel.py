"""The compiled half of the CandleBuilder: one loop over rows, its state in flat arrays.

`forming[slot, level]` is one candle in one cache line of eight words; `prices` is the same memory read
as float64. Level 0 is the base candle, levels 1.. are the timeframes. `due[slot]` is the earliest end
of what is forming, so that a clock row for everybody skips who has nothing to close.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from apps.domain.frames import CLOCK, FROM_CANDLE, QUOTE
from apps.domain.sessions.table import FIRST_NS, LAST_NS
from apps.domain.timeframes import DAY

START, END, OPEN, HIGH, LOW, CLOSE, VOLUME, TICKS = range(8)
"""Words of a forming candle. END 0: nothing is forming. OPEN to VOLUME are read in `prices`, the rest in `forming`."""

NUMBER, CALENDAR, ANCHOR, SESSION_OPEN, SESSION_CLOSE, DAY_OPEN, DAY_CLOSE, FLOOR, OUTSIDE, LATE, BROKEN = range(11)
"""Words of `place`: where an instrument stands. ANCHOR: what starts are counted from; FLOOR: older ticks are late."""
_PLACE_WORDS: Final = 16

DONE, ROOM = -1, -2
"""Why the loop stopped; 0 and above: the calendar whose sessions end before this row's time."""

COUNTS: Final = 2
"""Words of `counts`: rows of unknown instruments, rows whose time lies outside 1970 to 2100."""

_NEVER: Final = np.iinfo(np.int64).max
_SECOND: Final = 10**9
_DAY_NS: Final = DAY * _SECOND


class State(NamedTuple):
    forming: NDArray[np.int64]
    prices: NDArray[np.float64]
    place: NDArray[np.int64]
    due: NDArray[np.int64]


def _aligned(rows: int, *shape: int) -> NDArray[np.int64]:
    """Zeros that begin at a cache line."""
    count = rows * int(np.prod(shape))
    raw = np.zeros(count + 8, np.int64)
    skip = (-raw.ctypes.data % 64) // 8
    return raw[skip : skip + count].reshape(rows, *shape)


def state_new(rows: int, levels: int) -> State:
    """Room for `rows` instruments."""
    forming = _aligned(rows, levels, 8)
    return State(forming, forming.view(np.float64), _aligned(rows, _PLACE_WORDS), np.full(rows, _NEVER, np.int64))


def state_grown(state: State) -> State:
    """Twice the room, the same content."""
    rows, levels, _ = state.forming.shape
    grown = state_new(2 * rows, levels)
    grown.forming[:rows], grown.place[:rows], grown.due[:rows] = state.forming, state.place, state.due
    return grown


@njit(nogil=True, cache=True)
def _find_session(place: Any, slot: int, at: int, sessions: Any, first: int, last: int, own: int) -> bool:
    """Put the session around `at` into `place`. False when the venue is closed and such ticks are dropped."""
    low, high = first, last
    while low < high:
        middle = (low + high) // 2
        if sessions[middle, 0] <= at:
            low = middle + 1
        else:
            high = middle
    here = place[slot]
    if low > first and at < sessions[low - 1, 1]:
        here[ANCHOR] = here[SESSION_OPEN] = sessions[low - 1, 0]
        here[SESSION_CLOSE] = sessions[low - 1, 1]
        here[DAY_OPEN] = sessions[low - 1, 2]
        here[DAY_CLOSE] = sessions[low - 1, 3]
        return True
    if not own:
        return False
    here[ANCHOR] = at - at % _DAY_NS
    here[SESSION_OPEN] = here[ANCHOR] if low == first else max(here[ANCHOR], sessions[low - 1, 1])
    here[SESSION_CLOSE] = here[ANCHOR] + _DAY_NS if low == last else min(here[ANCHOR] + _DAY_NS, sessions[low, 0])
    here[DAY_OPEN], here[DAY_CLOSE] = here[SESSION_OPEN], here[SESSION_CLOSE]
    if low > first and at < sessions[low - 1, 3]:  # a break within a trading day belongs to the day
        here[DAY_OPEN], here[DAY_CLOSE] = sessions[low - 1, 2], sessions[low - 1, 3]
    return True


@njit(nogil=True, cache=True)
def _begin(forming: Any, prices: Any, place: Any, slot: int, level: int, step: int, at: int, price: float) -> None:
    """A new candle around `at`, still without ticks."""
    here = place[slot]
    if step == DAY:
        start, end = here[DAY_OPEN], here[DAY_CLOSE]
    else:
        length = step * _SECOND
        start = at - (at - here[ANCHOR]) % length
        end = min(start + length, here[SESSION_CLOSE])
        start = max(start, here[SESSION_OPEN])
    forming[slot, level, START] = start
    forming[slot, level, END] = end
    prices[slot, level, OPEN] = prices[slot, level, HIGH] = prices[slot, level, LOW] = price
    prices[slot, level, CLOSE] = price
    prices[slot, level, VOLUME] = 0.0
    forming[slot, level, TICKS] = 0


@njit(nogil=True, cache=True)
def _take_over(forming: Any, prices: Any, place: Any, slot: int, steps: Any) -> None:
    """The base candle is whole: larger candles take it over, then it is gone."""
    base, base_start = prices[slot, 0], forming[slot, 0, START]
    for level in range(1, len(steps)):
        if forming[slot, level, END] == 0:
            _begin(forming, prices, place, slot, level, steps[level], base_start, base[OPEN])
        whole = prices[slot, level]
        whole[HIGH] = max(whole[HIGH], base[HIGH])
        whole[LOW] = min(whole[LOW], base[LOW])
        whole[CLOSE] = base[CLOSE]
        whole[VOLUME] += base[VOLUME]
        forming[slot, level, TICKS] += forming[slot, 0, TICKS]
    place[slot, FLOOR] = max(place[slot, FLOOR], forming[slot, 0, END])
    forming[slot, 0, END] = 0


@njit(nogil=True, cache=True)
def _write(
    out: Any, at: int, forming: Any, prices: Any, place: Any, slot: int, level: int, step: int, row: int
) -> None:
    candle = out[at]
    candle.instrument = place[slot, NUMBER]
    candle.timeframe = step
    candle.start_ns = forming[slot, level, START]
    candle.end_ns = forming[slot, level, END]
    candle.session_ns = place[slot, DAY_OPEN]
    candle.open = prices[slot, level, OPEN]
    candle.high = prices[slot, level, HIGH]
    candle.low = prices[slot, level, LOW]
    candle.close = prices[slot, level, CLOSE]
    candle.volume = prices[slot, level, VOLUME]
    candle.ticks = forming[slot, level, TICKS]
    candle.row = row


@njit(nogil=True, cache=True)
def _close(
    out: Any, closed: int, row: int, at: int, first: int, last: int,
    steps: Any, forming: Any, prices: Any, place: Any, due: Any,
) -> int:  # fmt: skip
    """Close what ended by `at` for the slots [first, last), smaller timeframes first; the new count of `out`."""
    for slot in range(first, last):
        if due[slot] <= at and 0 < forming[slot, 0, END] <= at:
            _take_over(forming, prices, place, slot, steps)
    for level in range(1, len(steps)):
        for slot in range(first, last):
            if due[slot] <= at and 0 < forming[slot, level, END] <= at:
                _write(out, closed, forming, prices, place, slot, level, steps[level], row)
                closed += 1
                place[slot, FLOOR] = max(place[slot, FLOOR], forming[slot, level, END])
                forming[slot, level, END] = 0
    for slot in range(first, last):
        if due[slot] <= at:
            due[slot] = _NEVER
            for level in range(len(steps)):
                if forming[slot, level, END] > 0:
                    due[slot] = min(due[slot], forming[slot, level, END])
    return closed


@njit(nogil=True, cache=True)
def _close_all(
    out: Any, closed: int, row: int, at: int, slots: int,
    steps: Any, forming: Any, prices: Any, place: Any, due: Any,
) -> int:  # fmt: skip
    """A clock row for everybody: the new count of `out`, or ROOM."""
    ended = 0
    for slot in range(slots):
        ended += due[slot] <= at
    if closed + ended * len(steps) > len(out):
        return ROOM
    return _close(out, closed, row, at, 0, slots, steps, forming, prices, place, due) if ended else closed


@njit(nogil=True, cache=True)
def _start(
    forming: Any, prices: Any, place: Any, due: Any, steps: Any, slot: int, at: int, price: float,
    sessions: Any, first: int, last: int, own: int,
) -> bool:  # fmt: skip
    """A new base candle for this tick; False, and counted, where it is late or outside all sessions."""
    here = place[slot]
    if forming[slot, 0, END] != 0 or at < here[FLOOR]:
        here[LATE] += 1
        return False
    inside = here[SESSION_OPEN] <= at < here[SESSION_CLOSE]
    if not inside and not _find_session(place, slot, at, sessions, first, last, own):
        here[OUTSIDE] += 1
        return False
    _begin(forming, prices, place, slot, 0, steps[0], at, price)
    due[slot] = min(due[slot], forming[slot, 0, END])
    return True


@njit(nogil=True, cache=True)
def run(
    ticks: Any, row: int, out: Any, closed: int, steps: Any, slot_of: Any, slots: int,
    forming: Any, prices: Any, place: Any, due: Any, sessions: Any, spans: Any, counts: Any, own: int,
) -> tuple[int, int, int]:  # fmt: skip
    """Rows from `row` on. Returns (next row, candles in `out`, DONE or what is wanted to go on)."""
    while row < len(ticks):
        tick = ticks[row]
        number, at = tick.instrument, tick.event_ns
        if not FIRST_NS <= at < LAST_NS:  # before it could close anything
            counts[1] += 1
            row += 1
            continue
        if number == 0 and tick.flags & CLOCK:
            done = _close_all(out, closed, row, at, slots, steps, forming, prices, place, due)
            if done == ROOM:
                return row, closed, ROOM
            closed = done
            row += 1
            continue
        slot = slot_of[number] if number < len(slot_of) else -1
        if slot < 0:
            counts[0] += 1 - (tick.flags & CLOCK) // CLOCK
            row += 1
            continue
        if due[slot] <= at:
            if closed + len(steps) > len(out):
                return row, closed, ROOM
            closed = _close(out, closed, row, at, slot, slot + 1, steps, forming, prices, place, due)
        if tick.flags & CLOCK:
            row += 1
            continue
        price = tick.price
        if price != price:
            place[slot, BROKEN] += 1
            row += 1
            continue
        if forming[slot, 0, END] == 0 or at < forming[slot, 0, START]:
            span = spans[place[slot, CALENDAR]]
            if not span[2] <= at < span[3]:
                return row, closed, place[slot, CALENDAR]
            if not _start(forming, prices, place, due, steps, slot, at, price, sessions, span[0], span[1], own):
                row += 1
                continue
        base = prices[slot, 0]
        base[HIGH] = max(base[HIGH], price)
        base[LOW] = min(base[LOW], price)
        base[CLOSE] = price
        if not tick.flags & QUOTE or tick.flags & FROM_CANDLE:
            base[VOLUME] += tick.size
        forming[slot, 0, TICKS] += 1
        row += 1
    return row, closed, DONE


@njit(nogil=True, cache=True)
def forming(out: Any, at: int, slot: int, level: int, steps: Any, words: Any, prices: Any, place: Any) -> int:
    """Write the candle of one level as it stands, the forming base included; 1 if there is one."""
    if words[slot, level, END] == 0:
        if words[slot, 0, END] == 0:
            return 0
        mine, reals = np.zeros((1, len(steps), 8), np.int64), np.zeros((1, len(steps), 8))
        _begin(
            mine, reals, place[slot : slot + 1], 0, level, steps[level], words[slot, 0, START], prices[slot, 0, OPEN]
        )
        _write(out, at, mine, reals, place[slot : slot + 1], 0, level, steps[level], 0)
    else:
        _write(out, at, words, prices, place, slot, level, steps[level], 0)
    if words[slot, 0, END] > 0:
        candle = out[at]
        candle.high = max(candle.high, prices[slot, 0, HIGH])
        candle.low = min(candle.low, prices[slot, 0, LOW])
        candle.close = prices[slot, 0, CLOSE]
        candle.volume += prices[slot, 0, VOLUME]
        candle.ticks += words[slot, 0, TICKS]
    return 1


@njit(nogil=True, cache=True)
def resample(candles: Any, out: Any, sessions: Any, step: int) -> int:
    """Merge candles that begin in one bucket; how many came out, -1 when the input is no single ordered series."""
    count = 0
    place = np.zeros((1, _PLACE_WORDS), np.int64)
    for row in range(len(candles)):
        candle = candles[row]
        if candle.timeframe > step or candle.instrument != candles[0].instrument:
            return -1
        if row and candle.start_ns < candles[row - 1].start_ns:
            return -1
        if not _find_session(place, 0, candle.start_ns, sessions, 0, len(sessions), 0):
            continue
        whole = out[count - 1]
        if count and candle.start_ns < whole.end_ns:
            whole.high, whole.low = max(whole.high, candle.high), min(whole.low, candle.low)
            whole.close = candle.close
            whole.volume += candle.volume
            whole.ticks += candle.ticks
            whole.row = row
            continue
        words, prices = np.zeros((1, 1, 8), np.int64), np.zeros((1, 1, 8))
        _begin(words, prices, place, 0, 0, step, candle.start_ns, candle.open)
        place[0, NUMBER] = candle.instrument
        prices[0, 0, HIGH], prices[0, 0, LOW], prices[0, 0, CLOSE] = candle.high, candle.low, candle.close
        prices[0, 0, VOLUME], words[0, 0, TICKS] = candle.volume, candle.ticks
        _write(out, count, words, prices, place, 0, 0, step, row)
        count += 1
    return count
