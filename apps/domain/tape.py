"""Scanning a tick frame for the first row at which something can happen, compiled."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numba as nb
import numpy as np
from numpy.typing import NDArray

from apps.domain.frames import CLOCK, QUOTE, TickArray

_NEVER = np.iinfo(np.int64).max


@dataclass(slots=True)
class Alarm:
    """Bounds inside which nothing happens. `after`: wake on the next priced row; `at_ns`: wake at this time."""

    buy_limit: float = -math.inf  # ask at or under
    sell_limit: float = math.inf  # bid at or over
    buy_stop: float = math.inf  # ask at or over
    sell_stop: float = -math.inf  # bid at or under
    at_ns: int = _NEVER
    after: int = _NEVER

    def limit(self, buying: bool, price: float) -> None:
        if buying:
            self.buy_limit = max(self.buy_limit, price)
        else:
            self.sell_limit = min(self.sell_limit, price)

    def stop(self, buying: bool, price: float) -> None:
        if buying:
            self.buy_stop = min(self.buy_stop, price)
        else:
            self.sell_stop = max(self.sell_stop, price)


def first_alarm(ticks: TickArray, instrument: int, row: int, alarm: Alarm) -> int:
    """The first row from `row` on that rings, or len(ticks)."""
    return int(
        _first_alarm(
            ticks,
            instrument,
            row,
            alarm.after != _NEVER,
            alarm.at_ns,
            alarm.buy_limit,
            alarm.sell_limit,
            alarm.buy_stop,
            alarm.sell_stop,
        )
    )


@nb.njit(cache=True, nogil=True)
def _first_alarm(
    ticks: TickArray,
    instrument: int,
    row: int,
    next_price: bool,
    at_ns: int,
    buy_limit: float,
    sell_limit: float,
    buy_stop: float,
    sell_stop: float,
) -> int:
    for i in range(row, len(ticks)):
        tick = ticks[i]
        if tick["instrument"] != instrument and not (tick["flags"] & CLOCK and tick["instrument"] == 0):
            continue
        if tick["event_ns"] >= at_ns:
            return i
        if tick["flags"] & CLOCK:
            continue
        if next_price:
            return i
        bid = tick["price"]
        ask = tick["ask"] if tick["flags"] & QUOTE else bid
        if ask <= buy_limit or bid >= sell_limit or ask >= buy_stop or bid <= sell_stop:
            return i
    return len(ticks)


@nb.njit(cache=True, nogil=True)
def rows_of(ticks: TickArray, instrument: int, first: int) -> NDArray[np.int64]:
    """Rows from `first` on that carry a price of this instrument."""
    found = np.empty(len(ticks), np.int64)
    n = 0
    for i in range(first, len(ticks)):
        if ticks[i]["instrument"] == instrument and not ticks[i]["flags"] & CLOCK:
            found[n] = i
            n += 1
    return found[:n]


@nb.njit(cache=True, nogil=True)
def first_at(ticks: TickArray, instrument: int, at_ns: int) -> int:
    """The first row of this instrument (clock rows of all count) at or after `at_ns`, or len(ticks)."""
    for i in range(len(ticks)):
        number = ticks[i]["instrument"]
        if ticks[i]["event_ns"] >= at_ns and (number == instrument or number == 0):
            return i
    return len(ticks)
