"""When a venue trades: sessions of each trading day in the venue's own zone, exact over DST.

A trading day has one or more parts (a lunch break makes two). A part may begin days before the
trading day it belongs to: Sunday evening in New York is Monday's FX session, Friday night in
Shanghai is Monday's.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple
from zoneinfo import ZoneInfo

from apps.domain.errors import BadInput
from apps.domain.messages import to_ns
from apps.domain.sessions.table import DAY_NS, SessionTable, Span
from apps.domain.sessions.windows import Window, window_bounds, window_named

MAX_SHIFT_DAYS = 7


def zone_ns(day: date, at: time, zone: str) -> int:
    """ns UTC of a wall time. A time DST skips is read with the offset before the jump."""
    return to_ns(datetime.combine(day, at, ZoneInfo(zone)))


class Part(NamedTuple):
    """A stretch of trading without a break. `open_day`, `close_day`: days from the trading day's date."""

    open: time
    close: time
    open_day: int = 0
    close_day: int = 0


class Session(NamedTuple):
    """One part on the time line, [open_ns, close_ns). `trading_day`: the date it belongs to."""

    open_ns: int
    close_ns: int
    trading_day: date


class MarketState(StrEnum):
    OPEN = "open"
    BREAK = "break"  # closed, and the same trading day goes on later
    CLOSED = "closed"


class MarketClock(NamedTuple):
    """For a page: the state now, and when it changes next (None: no session is known to come)."""

    state: MarketState
    changes_ns: int | None


@dataclass(frozen=True, slots=True)
class Season:
    """Other hours on dates on which `zone` has summer time (MCX follows New York's)."""

    zone: str
    weekly: Mapping[int, tuple[Part, ...]]


@dataclass(frozen=True)
class Calendar:
    """A venue's hours. `weekly`: weekday (Monday 0) -> parts; a missing weekday does not trade.

    `special` replaces the parts of one date (half day, Saturday session, evening session) and wins over
    `holidays`. `covered`: first and last year whose holidays are known; outside it the week repeats
    unbroken. `note` says what is not covered.
    """

    name: str
    zone: str
    weekly: Mapping[int, tuple[Part, ...]]
    holidays: frozenset[date] = frozenset()
    special: Mapping[date, tuple[Part, ...]] = field(default_factory=dict)
    season: Season | None = None
    covered: tuple[int, int] | None = None
    note: str = ""

    def parts(self, day: date) -> tuple[Part, ...]:
        """The parts of one trading day in wall time; empty where the venue does not trade."""
        if day in self.special:
            return self.special[day]
        return () if day in self.holidays else self.usual_parts(day)

    def usual_parts(self, day: date) -> tuple[Part, ...]:
        """What this weekday trades when it is no holiday."""
        weekly = self.weekly
        if self.season is not None and _is_summer(day, self.season.zone):
            weekly = self.season.weekly
        return weekly.get(day.weekday(), ())

    def sessions(self, day: date) -> list[Session]:
        """The parts of one trading day on the time line, in order."""
        return [self._session(day, part) for part in self.parts(day)]

    def _session(self, day: date, part: Part) -> Session:
        opens = zone_ns(day + timedelta(part.open_day), part.open, self.zone)
        closes = zone_ns(day + timedelta(part.close_day), part.close, self.zone)
        return Session(opens, closes, day)

    def day_bounds(self, day: date) -> tuple[int, int] | None:
        """First open and last close of a trading day, None where the venue does not trade."""
        sessions = self.sessions(day)
        return (sessions[0].open_ns, sessions[-1].close_ns) if sessions else None

    @cached_property
    def table(self) -> SessionTable:
        """All sessions around the times asked for so far, as arrays."""
        return SessionTable(self.sessions)

    def session_at(self, ns: int) -> Session | None:
        """The session `ns` falls in; a session's closing instant is no longer in it."""
        span = self.table.cover(ns)
        i = bisect_right(span.opens, ns) - 1
        return _row(span, i) if i >= 0 and ns < span.closes[i] else None

    def opening(self, ns: int) -> int:
        """When the session `ns` falls in opened; `ns` itself outside any."""
        session = self.session_at(ns)
        return ns if session is None else session.open_ns

    def is_open(self, ns: int) -> bool:
        return self.session_at(ns) is not None

    def session_after(self, ns: int) -> Session | None:
        """The first session that opens after `ns`; None if there is none within a year."""
        span = self.table.span
        i = bisect_right(span.opens, ns)
        if not span.low_ns <= ns < span.high_ns or i >= len(span.opens):
            span = self.table.cover(ns, ns + 366 * DAY_NS)
            i = bisect_right(span.opens, ns)
        return _row(span, i) if i < len(span.opens) else None

    def next_open(self, ns: int) -> int | None:
        """When the next session opens (strictly after `ns`)."""
        found = self.session_after(ns)
        return None if found is None else found.open_ns

    def state(self, ns: int) -> MarketClock:
        """What a market clock shows."""
        now = self.session_at(ns)
        if now is not None:
            return MarketClock(MarketState.OPEN, now.close_ns)
        after = self.session_after(ns)
        if after is None:
            return MarketClock(MarketState.CLOSED, None)
        bounds = self.day_bounds(after.trading_day)
        paused = bounds is not None and bounds[0] <= ns
        return MarketClock(MarketState.BREAK if paused else MarketState.CLOSED, after.open_ns)

    def window_at(self, window: Window | str, ns: int) -> tuple[int, int] | None:
        """Bounds of a daily window around `ns`, cut to the session; None outside the window or closed."""
        session = self.session_at(ns)
        bounds = window_bounds(window_named(window) if isinstance(window, str) else window, ns)
        if session is None or bounds is None:
            return None
        return max(bounds[0], session.open_ns), min(bounds[1], session.close_ns)

    def __post_init__(self) -> None:
        weeks = [self.weekly] + ([self.season.weekly] if self.season else [])
        groups = [parts for week in weeks for parts in week.values()] + list(self.special.values())
        for parts in groups:
            _parts_check(self.name, parts)

    def __hash__(self) -> int:
        return hash(self.name)


def _row(span: Span, i: int) -> Session:
    return Session(span.opens[i], span.closes[i], date.fromordinal(span.days[i]))


def _parts_check(name: str, parts: tuple[Part, ...]) -> None:
    """Raises BadInput unless the parts run forwards without overlap and stay near their day."""
    marks = [mark for part in parts for mark in ((part.open_day, part.open), (part.close_day, part.close))]
    ordered = all(a < b for a, b in zip(marks[::2], marks[1::2], strict=True))
    apart = all(a <= b for a, b in zip(marks[1::2], marks[2::2], strict=False))
    near = all(abs(days) <= MAX_SHIFT_DAYS for days, _ in marks)
    if not (ordered and apart and near):
        raise BadInput(f"the sessions of calendar {name} overlap, run backwards or lie a week off: {parts}")


def _is_summer(day: date, zone: str) -> bool:
    return bool(datetime.combine(day, time(12), ZoneInfo(zone)).dst())
