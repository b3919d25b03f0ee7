"""The newest price of every instrument, kept by array and not by tick."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from apps.common.live import PRICE
from apps.domain.frames import CLOCK, QUOTE, TickArray


class LastPrices:
    """One PRICE row per instrument number. `reference` is what the day's change counts from: the close of the
    trading day before; until that is known, the first price heard."""

    def __init__(self, capacity: int = 256) -> None:
        self._rows = self._blank(capacity)
        self._changed = np.zeros(capacity, bool)

    @staticmethod
    def _blank(count: int) -> NDArray[np.void]:
        rows = np.zeros(count, PRICE)
        for name in ("bid", "ask", "last", "reference"):
            rows[name] = np.nan
        return rows

    def update(self, ticks: TickArray) -> NDArray[np.uint32]:
        """Take a frame; of several rows of one instrument the last stays. Returns instruments heard for the
        first time."""
        priced = ticks[(ticks["flags"] & CLOCK) == 0]
        if not len(priced):
            return np.empty(0, np.uint32)
        numbers = priced["instrument"]
        self._reserve(int(numbers.max()))
        self._rows["last"][numbers] = priced["price"]
        self._rows["event_ns"][numbers] = priced["event_ns"]
        quoted = (priced["flags"] & QUOTE) != 0
        self._rows["bid"][numbers[quoted]] = priced["price"][quoted]
        self._rows["ask"][numbers[quoted]] = priced["ask"][quoted]
        self._changed[numbers] = True
        fresh = np.unique(numbers[np.isnan(self._rows["reference"][numbers])])
        if len(fresh):
            first = np.unique(numbers, return_index=True)
            firsts = dict(zip(first[0].tolist(), first[1].tolist(), strict=True))
            self._rows["reference"][fresh] = priced["price"][[firsts[number] for number in fresh.tolist()]]
            self._rows["instrument"][fresh] = fresh
        return fresh

    def begin(self, instrument: int, price: float, event_ns: int) -> None:
        """A price from the store, for an instrument that no tick has come of: a closed market shows its last one."""
        self._reserve(instrument)
        row = self._rows[instrument]
        if not row["event_ns"]:
            row["instrument"], row["last"], row["event_ns"] = instrument, price, event_ns
            self._changed[instrument] = True

    def refer(self, instrument: int, price: float) -> None:
        """The day's change of this instrument counts from `price` from now on."""
        self._reserve(instrument)
        self._rows["reference"][instrument] = price
        self._rows["instrument"][instrument] = instrument
        self._changed[instrument] = True

    def event_ns(self, instrument: int) -> int:
        """Time of its newest tick; 0 where none was heard."""
        return int(self._rows["event_ns"][instrument]) if instrument < len(self._rows) else 0

    def take(self) -> bytes:
        """The rows that changed since the last call, as bytes; empty when none did."""
        self._changed &= self._rows["event_ns"] > 0
        changed = np.flatnonzero(self._changed)
        self._changed[changed] = False
        return self._rows[changed].tobytes()

    def mark_all(self) -> None:
        """The next `take` gives every price there is."""
        self._changed[:] = True

    def _reserve(self, number: int) -> None:
        have = len(self._rows)
        if number >= have:
            more = max(number + 1, 2 * have) - have
            self._rows = np.concatenate((self._rows, self._blank(more)))
            self._changed = np.concatenate((self._changed, np.zeros(more, bool)))
