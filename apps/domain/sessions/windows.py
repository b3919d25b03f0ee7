"""Named stretches of the day for strategies, in the wall time of their own city."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from apps.domain.errors import BadInput
from apps.domain.messages import to_ns
from apps.domain.sessions.table import DAY_NS, EPOCH_ORDINAL


@dataclass(frozen=True, slots=True)
class Window:
    """[start, end) of every day in `zone`; an end at or before the start lies on the next day."""

    start: time
    end: time
    zone: str


WINDOWS: Final[dict[str, Window]] = {
    "new_york": Window(time(9, 30), time(16), "America/New_York"),
    "new_york_morning": Window(time(9, 30), time(12), "America/New_York"),
    "london": Window(time(8), time(16, 30), "Europe/London"),
    "london_new_york": Window(time(8), time(12), "America/New_York"),
    "tokyo": Window(time(9), time(15), "Asia/Tokyo"),
    "india": Window(time(9, 15), time(15, 30), "Asia/Kolkata"),
    "india_evening": Window(time(17), time(23, 30), "Asia/Kolkata"),
}


def window_named(name: str) -> Window:
    """Raises BadInput that lists the windows there are."""
    try:
        return WINDOWS[name]
    except KeyError:
        raise BadInput(
            f"no trading window is called {name!r}; use one of {', '.join(WINDOWS)}", field="window", value=name
        ) from None


def window_at(window: str | tuple[time, time, str], ns: int) -> tuple[int, int] | None:
    """Bounds in ns of the window `ns` falls in, by name or by (start, end, zone); None outside it."""
    return window_bounds(window_named(window) if isinstance(window, str) else Window(*window), ns)


def window_bounds(window: Window, ns: int) -> tuple[int, int] | None:
    """Bounds of the day's window around `ns`, None outside it. Weekends count as days: ask the calendar too."""
    day = ns // DAY_NS + EPOCH_ORDINAL
    for ordinal in (day, day - 1, day + 1):
        bounds = window_on(window, ordinal)
        if bounds[0] <= ns < bounds[1]:
            return bounds
    return None


@lru_cache(maxsize=65_536)
def window_on(window: Window, ordinal: int) -> tuple[int, int]:
    """Bounds in ns of the window that starts on one date (a proleptic ordinal)."""
    day, zone = date.fromordinal(ordinal), ZoneInfo(window.zone)
    last = day + timedelta(window.end <= window.start)
    start, end = datetime.combine(day, window.start, zone), datetime.combine(last, window.end, zone)
    return to_ns(start), to_ns(end)
