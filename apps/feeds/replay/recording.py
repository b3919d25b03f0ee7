"""A checked file as ticks. Candles become four rows O, L/H, H/L, C inside their time and a clock row at their end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from apps.domain.errors import BadData
from apps.domain.frames import BUYER, CANDLE_OPEN, CLOCK, FROM_CANDLE, QUOTE, SELLER, TICK, TickArray
from apps.domain.messages import to_ns, utc
from apps.domain.sessions import CRYPTO, Calendar
from apps.domain.sessions.table import DAY_NS, EPOCH_ORDINAL
from apps.domain.timeframes import DAY
from apps.feeds.replay.check import Report, rows_check
from apps.feeds.replay.forms import ASKS, OHLC, Kind
from apps.feeds.replay.read import Columns, columns_read

_SECOND = 10**9


@dataclass(frozen=True, slots=True)
class Recording:
    """`ticks` in order of event time, the last row a clock at the end of the last trading day, so that
    every candle closes. `timeframe`: seconds of a candle file, 0 for ticks."""

    path: Path
    kind: Kind
    ticks: TickArray
    timeframe: int
    report: Report


def recording_read(
    path: str | Path,
    instrument: int,
    *,
    calendar: Calendar = CRYPTO,
    policies: Mapping[str, str] | None = None,
    zone: str | None = None,
    timeframe: int | None = None,
) -> Recording:
    """The whole file, checked. `calendar` says when the sessions of daily candles open and cuts candles
    at a session's edges. `timeframe`: of a candle file, seconds; found from the starts when not given.

    Raises BadInput (missing, wants a zone) and BadData (unreadable, no row left, a defect to refuse).
    """
    path = Path(path)
    columns = columns_read(path, zone)
    kept, report = rows_check(columns, policies or {}, path.name)
    if not len(kept):
        raise BadData(f"no row of {path} can be used: " + "; ".join(report.lines()[1:]), path=str(path))
    length = 0
    if columns.form.is_candles:
        length = DAY if columns.daily else timeframe or _timeframe(columns.time_ns[kept])
        ticks = _from_candles(columns, kept, instrument, *_bounds(columns, kept, length, calendar))
    else:
        ticks = _from_ticks(columns, kept, instrument)
    return Recording(path, columns.form.kind, np.append(ticks, _last_clock(ticks[-1], calendar)), length, report)


def _timeframe(starts: NDArray[np.int64]) -> int:
    """The commonest step between starts where nearly all steps are whole numbers of it (a stray candle
    does no harm), otherwise the greatest common divisor. A single candle counts as a minute."""
    steps = np.diff(starts)[np.diff(starts) > 0] // _SECOND
    if not len(steps):
        return 60
    found, counts = np.unique(steps, return_counts=True)
    commonest = int(found[np.argmax(counts)])
    return commonest if np.mean(steps % commonest == 0) > 0.99 else max(1, int(np.gcd.reduce(steps)))


def _from_ticks(columns: Columns, kept: NDArray[np.intp], instrument: int) -> TickArray:
    numbers = {name: values[kept] for name, values in columns.numbers.items()}
    ticks = np.zeros(len(kept), TICK)
    ticks["instrument"] = instrument
    ticks["event_ns"] = ticks["seen_ns"] = columns.time_ns[kept]
    ticks["price"] = numbers["price"]
    if columns.form.kind is Kind.QUOTES:
        ticks["flags"], ticks["ask"] = QUOTE, numbers["ask"]
        ticks["size"], ticks["ask_size"] = numbers.get("bid_size", 0.0), numbers.get("ask_size", 0.0)
        return ticks
    ticks["size"], ticks["ask"] = numbers["size"], np.nan
    if "side" in columns.texts:
        sides = np.char.lower(columns.texts["side"][kept].astype(str))
        ticks["flags"] = BUYER * np.isin(sides, ("buy", "b")) + SELLER * np.isin(sides, ("sell", "s"))
    return ticks


def _bounds(
    columns: Columns, kept: NDArray[np.intp], length: int, calendar: Calendar
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Start and end of each candle, inside the session it overlaps (or as the file says where there is none)."""
    starts = columns.time_ns[kept]
    if columns.daily:
        days = [_day_bounds(calendar, date.fromordinal(int(ns // DAY_NS) + EPOCH_ORDINAL)) for ns in starts]
        bounds = np.array(days, np.int64)
        return bounds[:, 0], bounds[:, 1]
    ends = starts + length * _SECOND
    sessions = calendar.table.cover(int(starts[0]), int(ends[-1])).array
    at = np.minimum(np.searchsorted(sessions[:, 1], starts, "right"), len(sessions) - 1)
    meets = (sessions[at, 0] < ends) & (sessions[at, 1] > starts)
    return (
        np.where(meets, np.maximum(starts, sessions[at, 0]), starts),
        np.where(meets, np.minimum(ends, sessions[at, 1]), ends),
    )


def _day_bounds(calendar: Calendar, day: date) -> tuple[int, int]:
    """Hours of a trading day; of a date the calendar calls closed, midnight to midnight UTC."""
    midnight = to_ns(datetime(day.year, day.month, day.day, tzinfo=UTC))
    return calendar.day_bounds(day) or (midnight, midnight + DAY_NS)


def _from_candles(
    columns: Columns,
    kept: NDArray[np.intp],
    instrument: int,
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
) -> TickArray:
    """Rows of one candle: a clock at its start (only after a gap), O, L/H, H/L, C, a clock at its end.

    The clock after a gap closes what larger candles the missing ones would have closed, before the
    next price is known: a strategy that acts on such a close trades at the open, as anywhere else.
    """
    numbers = {name: values[kept] for name, values in columns.numbers.items()}
    rising = numbers["close"] >= numbers["open"]
    ticks = np.zeros((len(kept), 6), TICK)
    ticks["instrument"], ticks["ask"], ticks["price"] = instrument, np.nan, np.nan
    ticks["flags"], ticks["flags"][:, 1:5] = CLOCK, FROM_CANDLE
    ticks["flags"][:, 1] |= CANDLE_OPEN
    third = (ends - starts) // 3
    for row, at in enumerate((starts, starts, starts + third, starts + 2 * third, ends - 1, ends)):
        ticks["event_ns"][:, row] = at
    ticks["seen_ns"] = ticks["event_ns"]
    _path(ticks["price"][:, 1:5], [numbers[name] for name in OHLC], rising)
    if columns.form.kind is Kind.QUOTE_CANDLES:
        ticks["flags"][:, 1:5] |= QUOTE
        _path(ticks["ask"][:, 1:5], [numbers[name] for name in ASKS], rising)
        ticks["ask_size"][:, 4] = numbers.get("ask_size", 0.0)
    ticks["size"][:, 4] = numbers.get("volume", 0.0)
    wanted = np.ones(ticks.shape, bool)
    wanted[0, 0], wanted[1:, 0] = False, starts[1:] > ends[:-1]
    rows: TickArray = ticks[wanted]
    return rows


def _path(into: NDArray[np.float64], ohlc: list[NDArray[np.float64]], rising: NDArray[np.bool_]) -> None:
    """A rising candle is taken to have gone down first, a falling one up first."""
    opens, highs, lows, closes = ohlc
    into[:, 0], into[:, 3] = opens, closes
    into[:, 1], into[:, 2] = np.where(rising, lows, highs), np.where(rising, highs, lows)


def _last_clock(last: np.void, calendar: Calendar) -> TickArray:
    """A clock row at the end of the last tick's trading day, or of its UTC day where the venue is closed."""
    at = int(last["event_ns"]) - (1 if last["flags"] & CLOCK else 0)
    session = calendar.session_at(at)
    bounds = calendar.day_bounds(session.trading_day) if session else None
    end = bounds[1] if bounds else to_ns(_midnight(utc(at)) + timedelta(1))
    clock = np.zeros(1, TICK)
    clock["instrument"], clock["flags"] = last["instrument"], CLOCK
    clock["event_ns"] = clock["seen_ns"] = end
    clock["price"] = clock["ask"] = np.nan
    return clock


def _midnight(at: datetime) -> datetime:
    return at.replace(hour=0, minute=0, second=0, microsecond=0)
