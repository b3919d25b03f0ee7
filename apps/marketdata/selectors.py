"""Candles come back as the arrays they went in as."""

from __future__ import annotations

import numpy as np
from django.db import connection
from django.db.models import Max

from apps.domain.frames import CANDLE, CandleArray
from apps.domain.messages import to_ns, utc
from apps.marketdata.models import StoredCandle

_FLOATS = ("open", "high", "low", "close", "volume")
_TIMES = ("start_at", "end_at", "session_at")


def candles_load(*, instrument: int, timeframe: int, limit: int = 500, before_ns: int | None = None) -> CandleArray:
    """The newest `limit` candles that start before `before_ns` (None: of all), oldest first; `row` is 0."""
    where = "instrument_id = %s AND timeframe = %s"
    args: list[object] = [instrument, timeframe]
    if before_ns is not None:
        where += " AND start_at < %s"
        args.append(connection.ops.adapt_datetimefield_value(utc(before_ns)))
    times = ", ".join(_seconds(name) for name in _TIMES)
    sql = (
        f"SELECT {times}, {', '.join(_FLOATS)}, ticks FROM {StoredCandle._meta.db_table} "  # noqa: S608
        f"WHERE {where} ORDER BY start_at DESC LIMIT %s"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [*args, limit])
        rows = cursor.fetchall()
    return _array(instrument, timeframe, rows[::-1])


def _seconds(column: str) -> str:
    """Whole seconds since 1970, from the database itself: Django would make an object of every time first."""
    if connection.vendor == "postgresql":
        return f"extract(epoch FROM {column})::bigint"
    return f"CAST(strftime('%%s', {column}) AS INTEGER)"


def _array(instrument: int, timeframe: int, rows: list[tuple[object, ...]]) -> CandleArray:
    candles = np.zeros(len(rows), CANDLE)
    if not rows:
        return candles
    start, end, session, *floats, ticks = zip(*rows, strict=True)
    candles["instrument"], candles["timeframe"], candles["ticks"] = instrument, timeframe, ticks
    for name, column in zip(("start_ns", "end_ns", "session_ns"), (start, end, session), strict=True):
        candles[name] = np.array(column, np.int64) * 1_000_000_000
    for name, column in zip(_FLOATS, floats, strict=True):
        candles[name] = column
    return candles


def candles_last_ns() -> int:
    """When the newest stored candle ends; 0 where none is stored."""
    newest = StoredCandle.objects.aggregate(newest=Max("end_at"))["newest"]
    return to_ns(newest) if newest else 0
