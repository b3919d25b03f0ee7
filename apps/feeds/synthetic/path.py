"""The price of a synthetic market minute by minute: a function of seed, market and time alone.

A run that begins later, or again, finds the same minutes: ticks are only drawn between them. What a
minute has: volatility that clusters (a slow and a fast autoregressive part), a daily profile, trends that
last for hours, jumps that bring aftershocks, gaps where the venue was closed, a slow pull to the usual price.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from apps.domain.sessions import Calendar, window_named, window_on
from apps.domain.sessions.table import EPOCH_ORDINAL
from apps.feeds.synthetic.spec import MarketSpec

MINUTE_NS: Final = 60 * 10**9
WEEK_MINUTES: Final = 7 * 1440
_ANCHOR_WEEK: Final = 2922  # of 1970: begins on 1 January 2026
_YEAR_MINUTES: Final = 252 * 1440
_DRAWS: Final = 8


@dataclass(frozen=True, slots=True)
class Minutes:
    """Consecutive minutes. `begins`, `ends`: log price at both edges (a gap lies between two minutes);
    `calm`: the usual standard deviation of a minute; `heat`: how much livelier than that this one is;
    `open`: whether the venue trades."""

    first: int  # minutes since 1970
    begins: NDArray[np.float64]
    ends: NDArray[np.float64]
    heat: NDArray[np.float64]
    open: NDArray[np.bool_]
    calm: float


class PricePath:
    """Minutes of one market, made week by week from an anchor and kept for the weeks asked for last."""

    def __init__(self, spec: MarketSpec, seed: int) -> None:
        self._spec = spec
        self._key = (seed, *spec.symbol.encode())
        self._weeks: dict[int, Minutes] = {}
        self._states: dict[int, NDArray[np.float64]] = {}

    def minutes(self, first: int, count: int) -> Minutes:
        """`count` minutes from minute `first` (since 1970) on."""
        weeks = range(first // WEEK_MINUTES, (first + count - 1) // WEEK_MINUTES + 1)
        parts = [self._week(week) for week in weeks]
        cut = slice(first - weeks[0] * WEEK_MINUTES, first - weeks[0] * WEEK_MINUTES + count)
        begins = np.concatenate([part.begins for part in parts])[cut]
        ends = np.concatenate([part.ends for part in parts])[cut]
        heat = np.concatenate([part.heat for part in parts])[cut]
        opens = np.concatenate([part.open for part in parts])[cut]
        return Minutes(first, begins, ends, heat, opens, parts[0].calm)

    def _week(self, week: int) -> Minutes:
        if week not in self._weeks:
            era = _era(week)
            at = max((known for known in self._states if era <= known <= week), default=era)
            if at == era:
                self._states[at] = _state_new(self._spec)
            for made in range(at, week + 1):
                self._weeks[made] = self._make(made)
            for old in sorted(self._weeks)[:-8]:
                del self._weeks[old]
        return self._weeks[week]

    def _make(self, week: int) -> Minutes:
        rng = np.random.default_rng([*self._key, week])
        opens = _open_minutes(self._spec.calendar, week * WEEK_MINUTES)
        profile = _profile(self._spec, week * WEEK_MINUTES, opens)
        state = self._states[week].copy()
        calm = self._spec.vol / _YEAR_MINUTES**0.5
        normals, chances = rng.standard_normal((WEEK_MINUTES, _DRAWS)), rng.random((WEEK_MINUTES, 3))
        out = np.empty((3, WEEK_MINUTES))
        _walk(out, state, opens, profile, normals, chances, calm, np.log(self._spec.price), self._spec.gap)
        self._states[week + 1] = state
        return Minutes(week * WEEK_MINUTES, out[0], out[1], out[2], opens, calm)


def _state_new(spec: MarketSpec) -> NDArray[np.float64]:
    """Log price, slow and fast log volatility, excitement after jumps, trend, whether the last minute was open."""
    return np.array([np.log(spec.price), 0.0, 0.0, 0.0, 0.0, 1.0])


def _era(week: int) -> int:
    """The week a path starts from. Before 2026 each 52 weeks have a path of their own."""
    return _ANCHOR_WEEK if week >= _ANCHOR_WEEK else _ANCHOR_WEEK - 52 * -(-(_ANCHOR_WEEK - week) // 52)


@njit(nogil=True, cache=True)
def _walk(
    out: Any, state: Any, opens: Any, profile: Any, normals: Any, chances: Any, calm: float, home: float, gap: float
) -> None:
    price, slow, fast, excited, trend, was_open = state
    for i in range(len(opens)):
        out[0, i] = out[1, i] = price
        out[2, i] = 0.0
        if not opens[i]:
            was_open = 0.0
            continue
        draw, chance = normals[i], chances[i]
        if was_open == 0.0:
            price += gap * calm * draw[0]
            excited += 0.05
        slow = 0.9985 * slow + 0.02 * draw[1]
        fast = 0.94 * fast + 0.11 * draw[2]
        if chance[0] < 1.0 / 180.0:
            trend = 0.0 if chance[1] < 0.4 else 0.035 * draw[3]
        heat = profile[i] * np.exp(slow + fast)
        move = heat * (draw[4] + trend) - 4e-5 * (price - home) / calm
        if chance[2] < 1.0 / 1500.0 + excited:
            move += heat * (3.0 + 2.0 * abs(draw[5])) * (1.0 if draw[6] > 0.0 else -1.0)
            excited += 0.03
            fast = min(fast + 0.3, 1.2)
        excited *= 0.93
        out[0, i] = price
        price += calm * move
        out[1, i] = price
        out[2, i] = heat
        was_open = 1.0
    state[:] = price, slow, fast, excited, trend, was_open


def _open_minutes(calendar: Calendar, first: int) -> NDArray[np.bool_]:
    """Which minutes of the week lie in a session."""
    starts = (first + np.arange(WEEK_MINUTES)) * MINUTE_NS
    sessions = calendar.table.cover(int(starts[0]), int(starts[-1])).array
    at = np.searchsorted(sessions[:, 0], starts, "right") - 1
    inside: NDArray[np.bool_] = (at >= 0) & (starts < sessions[np.maximum(at, 0), 1])
    return inside


def _profile(spec: MarketSpec, first: int, opens: NDArray[np.bool_]) -> NDArray[np.float64]:
    """How lively each minute usually is: a U over short sessions, busy windows of the cities over long ones."""
    starts = (first + np.arange(WEEK_MINUTES)) * MINUTE_NS
    lively = np.full(WEEK_MINUTES, 0.75 if not spec.busy else 0.45)
    span = spec.calendar.table.span
    for i in np.flatnonzero((span.array[:, 1] > starts[0]) & (span.array[:, 0] <= starts[-1])):
        opened, closed = span.opens[i], span.closes[i]
        if closed - opened < 12 * 60 * MINUTE_NS:
            inside = (starts >= opened) & (starts < closed)
            since, left = (starts[inside] - opened) / MINUTE_NS, (closed - starts[inside]) / MINUTE_NS
            lively[inside] += 1.5 * np.exp(-since / 18) + 0.7 * np.exp(-left / 25)
    for name, lift in spec.busy:
        for day in range(-1, 8):
            _lift(lively, starts, name, lift, first // 1440 + day + EPOCH_ORDINAL)
    return np.where(opens, lively, 0.0)


def _lift(lively: NDArray[np.float64], starts: NDArray[np.int64], name: str, lift: float, ordinal: int) -> None:
    """Raise the minutes of one city's window on one day, most of all at its opening."""
    opens, closes = window_on(window_named(name), ordinal)
    low, high = np.searchsorted(starts, opens), np.searchsorted(starts, closes)
    since = (starts[low:high] - opens) / MINUTE_NS
    lively[low:high] = np.maximum(lively[low:high], 0.45 + lift * (0.6 + 0.9 * np.exp(-since / 30)))
