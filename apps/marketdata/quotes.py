"""The last price of every instrument, in memory: what risk judges by and pages open with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from apps.domain.frames import CLOCK, QUOTE, TICK, TickArray


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
    """One row per instrument number, overwritten by each frame. One writer, any number of readers.

    A row is written by one assignment of the whole record, so a reader never sees a price of one
    tick beside the time of another.
    """

    def __init__(self, capacity: int = 1024) -> None:
        self._last = np.zeros(capacity, TICK)
        self._quoted = np.zeros(capacity, TICK)

    def update(self, ticks: TickArray) -> None:
        """Take a frame in. Later rows of one instrument win; clock rows say nothing about a price."""
        priced = ticks[ticks["flags"] & CLOCK == 0]
        if not len(priced):
            return
        self._reserve(int(priced["instrument"].max()))
        # Where numbers repeat, numpy assigns in order and the last one stays.
        self._last[priced["instrument"]] = priced
        quotes = priced[priced["flags"] & QUOTE != 0]
        self._quoted[quotes["instrument"]] = quotes

    def get(self, instrument: int) -> Quote | None:
        """The last quote, or None for an instrument not heard of yet."""
        if not 0 <= instrument < len(self._last):
            return None
        last, quoted = self._last[instrument].copy(), self._quoted[instrument].copy()
        if not last["seen_ns"]:
            return None
        has_quote = bool(quoted["seen_ns"])
        return Quote(
            instrument=instrument,
            price=float(last["price"]),
            bid=float(quoted["price"]) if has_quote else None,
            ask=float(quoted["ask"]) if has_quote else None,
            event_ns=int(last["event_ns"]),
            seen_ns=int(last["seen_ns"]),
        )

    def rows(self) -> TickArray:
        """The last tick of every instrument heard of, as a copy."""
        return self._last[self._last["seen_ns"] != 0]

    def prices(self, instruments: NDArray[np.integer]) -> NDArray[np.float64]:
        """Last prices in the order asked, NaN where nothing was heard."""
        out = np.full(len(instruments), np.nan)
        known = (instruments >= 0) & (instruments < len(self._last))
        rows = self._last[instruments[known]]
        out[known] = np.where(rows["seen_ns"] != 0, rows["price"], np.nan)
        return out

    def clear(self) -> None:
        self._last["seen_ns"] = 0
        self._quoted["seen_ns"] = 0

    def _reserve(self, number: int) -> None:
        if number < len(self._last):
            return
        more = np.zeros(max(number + 1, 2 * len(self._last)) - len(self._last), TICK)
        self._quoted = np.concatenate((self._quoted, more))
        self._last = np.concatenate((self._last, more))


board = QuoteBoard()
"""The process's own board; the broadcast and guard stages feed it."""
