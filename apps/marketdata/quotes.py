"""The last price of every instrument, in memory: what risk judges by and pages open with."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from apps.domain.frames import CLOCK, QUOTE, TICK, TickArray

_WORDS = TICK.itemsize // 8
_EVENT, _SEEN, _PRICE, _ASK = (TICK.fields[name][1] // 8 for name in ("event_ns", "seen_ns", "price", "ask"))


@dataclass(frozen=True, slots=True)
class Quote:
    """What was last heard. `price`: the trade, or the bid of a quote; `bid`, `ask` None where never quoted."""

    instrument: int
    price: float
    bid: float | None
    ask: float | None
    event_ns: int
    seen_ns: int

    def age_s(self, now_ns: int) -> float:
        """Seconds since it reached us. A replay's event times are old; when we saw them is not."""
        return (now_ns - self.seen_ns) / 1e9


class QuoteBoard:
    """One row per instrument number, overwritten by each frame. One writing thread, any number of readers.

    Rows are kept as seven 8-byte words, which numpy copies five times faster than records. It may let
    another thread run in the middle of a large copy, so a reader looks again when the writer was at work.
    """

    def __init__(self, capacity: int = 1024) -> None:
        self._last = np.zeros((capacity, _WORDS), np.int64)
        self._quoted = np.zeros((capacity, _WORDS), np.int64)
        self._edition = 0  # odd while the writer is at work

    def update(self, ticks: TickArray) -> None:
        """Take a frame in. Later rows of one instrument win; clock rows say nothing about a price."""
        numbers, words, flags = ticks["instrument"], _words(ticks), ticks["flags"]
        said = np.bitwise_or.reduce(flags) if len(flags) else CLOCK
        if said & CLOCK:
            priced = flags & CLOCK == 0
            numbers, words, flags = numbers[priced], words[priced], flags[priced]
            if not len(numbers):
                return
        self._reserve(int(numbers.max()))
        self._edition += 1
        # Where numbers repeat, numpy assigns in order and the last one stays.
        self._last[numbers] = words
        if said & QUOTE:
            quotes = flags & QUOTE != 0
            if not quotes.all():
                numbers, words = numbers[quotes], words[quotes]
            self._quoted[numbers] = words
        self._edition += 1

    def get(self, instrument: int) -> Quote | None:
        """The last quote, or None for an instrument not heard of yet."""
        while True:
            edition = self._edition
            if not 0 <= instrument < len(self._last):
                return None
            last, quoted = self._last[instrument].copy(), self._quoted[instrument].copy()
            if edition == self._edition and not edition & 1:
                return _quote(instrument, last, quoted) if last[_SEEN] else None
            time.sleep(0)

    def rows(self) -> TickArray:
        """The last tick of every instrument heard of, as a copy."""
        return self._last.view(TICK)[:, 0][self._last[:, _SEEN] != 0]

    def prices(self, instruments: NDArray[np.integer]) -> NDArray[np.float64]:
        """Last prices in the order asked, NaN where nothing was heard."""
        out = np.full(len(instruments), np.nan)
        known = (instruments >= 0) & (instruments < len(self._last))
        rows = self._last[instruments[known]]
        out[known] = np.where(rows[:, _SEEN] != 0, rows.view(np.float64)[:, _PRICE], np.nan)
        return out

    def clear(self) -> None:
        """Forget everything: another market begins."""
        self._last[:], self._quoted[:] = 0, 0

    def _reserve(self, number: int) -> None:
        if number < len(self._last):
            return
        more = np.zeros((max(number + 1, 2 * len(self._last)) - len(self._last), _WORDS), np.int64)
        # First the one that get() does not measure itself by.
        self._quoted = np.concatenate((self._quoted, more))
        self._last = np.concatenate((self._last, more))


def _words(ticks: TickArray) -> NDArray[np.int64]:
    return np.ascontiguousarray(ticks).view(np.int64).reshape(len(ticks), _WORDS)


def _quote(instrument: int, last: NDArray[np.int64], quoted: NDArray[np.int64]) -> Quote:
    event_ns, seen_ns = last[_EVENT : _SEEN + 1].tolist()
    bid = ask = None
    if quoted[_SEEN]:
        bid, _, ask = quoted.view(np.float64)[_PRICE : _ASK + 1].tolist()
    return Quote(instrument, last.view(np.float64)[_PRICE].item(), bid, ask, event_ns, seen_ns)


board = QuoteBoard()
"""The process's own board; the aggregate stage feeds it."""
