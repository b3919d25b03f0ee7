"""Closed candles go into the table in bulk; storing the same ones again changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import numpy as np
from django.db import connection, transaction
from numpy.typing import NDArray

from apps.domain.frames import CandleArray
from apps.marketdata.models import GapLog, StoredCandle

_COLUMNS = "instrument_id, timeframe, start_at, end_at, session_at, open, high, low, close, volume, ticks"
_KEPT = ("end_at", "session_at", "open", "high", "low", "close", "volume", "ticks")
_INSERT = (
    f"INSERT INTO {StoredCandle._meta.db_table} ({_COLUMNS}) VALUES {{values}} "  # noqa: S608
    "ON CONFLICT (instrument_id, timeframe, start_at) DO UPDATE SET "
    + ", ".join(f"{name} = excluded.{name}" for name in _KEPT)
)


def candles_store(candles: CandleArray) -> int:
    """Insert or overwrite candles by (instrument, timeframe, start); returns how many were given.

    Times are stored to the second, which every timeframe is a multiple of. An instrument that is
    not in the table raises IntegrityError.
    """
    if not len(candles):
        return 0
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            from psycopg2.extras import execute_values

            execute_values(cursor.cursor, _INSERT.format(values="%s"), list(_rows(candles)), page_size=1000)
        else:
            marks = f"({', '.join(['%s'] * 11)})"
            cursor.executemany(_INSERT.format(values=marks), _rows(candles))
    return len(candles)


def _rows(candles: CandleArray) -> Iterator[tuple[Any, ...]]:
    times = [_texts(candles[name]) for name in ("start_ns", "end_ns", "session_ns")]
    values = [candles[name].tolist() for name in ("open", "high", "low", "close", "volume", "ticks")]
    return zip(candles["instrument"].tolist(), candles["timeframe"].tolist(), *times, *values, strict=True)


def _texts(ns: NDArray[np.int64]) -> list[str]:
    """`2024-01-02 03:45:00` in UTC, as Django writes aware times into SQLite; PostgreSQL sessions are UTC too."""
    seconds = (ns // 1_000_000_000).astype("datetime64[s]")
    return [text.replace("T", " ") for text in np.datetime_as_string(seconds).tolist()]


def gap_open(*, feed: str, started_at: datetime, reason: str, instrument: int | None = None) -> GapLog:
    """A feed went silent or wrong."""
    return GapLog.objects.create(feed=feed, instrument_id=instrument, started_at=started_at, reason=reason[:200])


def gap_close(*, gap_id: int, ended_at: datetime, rows_lost: int = 0) -> None:
    """It is back."""
    GapLog.objects.filter(pk=gap_id).update(ended_at=ended_at, rows_lost=rows_lost)
