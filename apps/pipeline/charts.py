"""Charts that somebody watches: stored candles first, then what the ticks make of them."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Final, Protocol

import msgspec
import numpy as np
from django.db import close_old_connections

from apps.common.live import ChartWish
from apps.domain.candles import CandleBuilder
from apps.domain.errors import VeloxError
from apps.domain.frames import CANDLE, CandleArray
from apps.domain.studies import Study

log = logging.getLogger("velox.broadcast")

SHOWN: Final = 500  # candles in a snapshot
KEPT_CLOSED: Final = 100_000  # closed candles of all instruments, until the database has them (9 MB)
NS_PER_MS: Final = 1_000_000


class History(Protocol):
    """Stored candles: the newest `limit` that start before `before_ns`, oldest first (`marketdata.candles_load`)."""

    def __call__(self, *, instrument: int, timeframe: int, limit: int, before_ns: int | None) -> CandleArray: ...


def history_before(history: History, instrument: int, timeframe: int, limit: int, now_ns: int | None) -> CandleArray:
    """Stored candles that had closed by `now_ns` (None: all), read in a thread that is not a stage's.

    A recording played again must not show what the database remembers of its own future.
    """
    try:
        stored = history(instrument=instrument, timeframe=timeframe, limit=limit, before_ns=now_ns)
    finally:
        close_old_connections()
    return stored if now_ns is None else stored[stored["end_ns"] <= now_ns]


class ChartLine(Protocol):
    """Where charts are told."""

    def chart(self, channel: str, kind: str, body: bytes, *, final: bool) -> None: ...


class ChartStudy:
    """One chart: its closed candles with final values, and how the forming one stands. Rows are as on the wire."""

    def __init__(self, indicators: Iterable[str]) -> None:
        self.study = Study(tuple(indicators))
        self.rows: deque[list[Any]] = deque(maxlen=SHOWN)
        self.end_ns = 0  # of the newest closed candle

    def close(self, candles: CandleArray) -> list[list[Any]]:
        """Commit closed candles; those already here are passed over. Returns their rows."""
        fresh = candles[candles["end_ns"] > self.end_ns]
        if not len(fresh):
            return []
        self.end_ns = int(fresh["end_ns"][-1])
        values = self.study.close(fresh)
        rows = [_row(candle, 1, each) for candle, each in zip(fresh, values.tolist(), strict=True)]
        self.rows.extend(rows)
        return rows

    def forming(self, candle: np.void | None) -> list[Any] | None:
        """The row of a candle as it stands, with provisional values; None where it is not ahead of what is closed."""
        if candle is None or candle["start_ns"] < self.end_ns:
            return None
        prices = (float(candle[name]) for name in ("open", "high", "low", "close", "volume"))
        values = self.study.peek(*prices, int(candle["start_ns"]), int(candle["session_ns"]))
        return _row(candle, 0, values.tolist())


def _row(candle: np.void, final: int, values: list[float]) -> list[Any]:
    start = int(candle["start_ns"]) // NS_PER_MS
    prices = [float(candle[name]) for name in ("open", "high", "low", "close", "volume")]
    return [start, *prices, final, *values]


class RecentCandles:
    """The newest closed candles of all instruments, whatever the database has of them already."""

    def __init__(self) -> None:
        self._frames: deque[CandleArray] = deque()
        self._count = 0

    def add(self, candles: CandleArray) -> None:
        if len(candles):
            self._frames.append(candles)
            self._count += len(candles)
        while self._count - len(self._frames[0] if self._frames else ()) > KEPT_CLOSED:
            self._count -= len(self._frames.popleft())

    def of(self, instrument: int, timeframe: int) -> CandleArray:
        """In the order in which they closed."""
        found = [
            frame[(frame["instrument"] == instrument) & (frame["timeframe"] == timeframe)] for frame in self._frames
        ]
        return np.concatenate(found) if found else np.zeros(0, CANDLE)


class ChartBoard:
    """Holds the charts that are wished for. Stored candles are read in a thread of its own, so that no stage waits
    for the database; `builder` follows the same ticks as the aggregate stage."""

    def __init__(self, line: ChartLine, builder: CandleBuilder, history: History) -> None:
        self._line, self._builder, self._history = line, builder, history
        self._reader = ThreadPoolExecutor(1, "velox-charts")
        self._wishes: dict[str, ChartWish] = {}
        self._charts: dict[str, ChartStudy] = {}
        self._loading: dict[str, Future[tuple[CandleArray, ChartStudy]]] = {}
        self._owed: set[str] = set()  # somebody waits for a snapshot
        self._closed_upto: dict[tuple[int, int], int] = {}  # as the builder saw it, for watched charts
        self._news: dict[str, list[list[Any]]] = {}
        self._recent = RecentCandles()

    def wish(self, wishes: list[ChartWish], now_ns: Callable[[int], int]) -> None:
        """Set what is watched. `now_ns`: the newest event time of an instrument, 0 where none is known."""
        self._wishes = {wish["channel"]: wish for wish in wishes}
        for gone in self._charts.keys() - self._wishes.keys():
            del self._charts[gone]
            self._news.pop(gone, None)
        for channel, wish in self._wishes.items():
            if wish["fresh"]:
                self._owed.add(channel)
            if channel not in self._charts and channel not in self._loading:
                self._loading[channel] = self._reader.submit(self._load, wish, now_ns(wish["instrument"]) or None)
        self._owed &= self._wishes.keys()
        watched = {(wish["instrument"], wish["timeframe"]) for wish in wishes}
        self._closed_upto = {key: self._closed_upto.get(key, 0) for key in watched}

    def _load(self, wish: ChartWish, upto_ns: int | None) -> tuple[CandleArray, ChartStudy]:
        chart = ChartStudy(wish["indicators"])
        limit = SHOWN + chart.study.warm_up
        return history_before(self._history, wish["instrument"], wish["timeframe"], limit, upto_ns), chart

    def saw(self, closed: CandleArray) -> None:
        """What the stage's own builder closed: until the candles topic brings them, nothing newer is shown."""
        for key in self._closed_upto:
            mine = closed[(closed["instrument"] == key[0]) & (closed["timeframe"] == key[1])]
            if len(mine):
                self._closed_upto[key] = int(mine["end_ns"][-1])

    def take(self, closed: CandleArray) -> None:
        """Closed candles from the topic, the very ones the strategies were given."""
        self._recent.add(closed)
        if not len(closed):
            return
        for channel, chart in self._charts.items():
            wish = self._wishes[channel]
            mine = (closed["instrument"] == wish["instrument"]) & (closed["timeframe"] == wish["timeframe"])
            if mine.any():
                self._news.setdefault(channel, []).extend(chart.close(closed[mine]))

    def tell(self, moved: set[int]) -> None:
        """Send what is new: finished loads, candles that closed, and forming candles of instruments that `moved`."""
        self._finish_loads()
        for channel, chart in self._charts.items():
            wish = self._wishes[channel]
            news = self._news.pop(channel, [])
            forming = (
                self._forming(wish, chart) if news or channel in self._owed or wish["instrument"] in moved else None
            )
            if news or (forming and channel not in self._owed):  # those who follow already are not given the snapshot
                rows = news[-SHOWN:] + ([forming] if forming else [])
                self._line.chart(channel, "chart", msgspec.json.encode(rows), final=bool(news))
            if channel in self._owed:
                self._owed.discard(channel)
                self._line.chart(channel, "snapshot", self._snapshot(wish, chart, forming), final=True)

    def _forming(self, wish: ChartWish, chart: ChartStudy) -> list[Any] | None:
        key = (wish["instrument"], wish["timeframe"])
        if chart.end_ns < self._closed_upto.get(key, 0):
            return None  # a candle in between has closed and is still on its way here
        try:
            return chart.forming(self._builder.forming(*key))
        except VeloxError:  # an instrument no candles are built for: only what is stored can be shown
            return None

    @staticmethod
    def _snapshot(wish: ChartWish, chart: ChartStudy, forming: list[Any] | None) -> bytes:
        return msgspec.json.encode(
            {
                "instrument": wish["instrument"],
                "timeframe": wish["timeframe"],
                "columns": chart.study.labels,
                "rows": [*chart.rows, *([forming] if forming else [])],
            }
        )

    def _finish_loads(self) -> None:
        for channel in [channel for channel, load in self._loading.items() if load.done()]:
            load = self._loading.pop(channel)
            wish = self._wishes.get(channel)
            if wish is None:
                continue
            try:
                stored, chart = load.result()
            except Exception as error:
                self._refuse(channel, error)
                continue
            chart.close(stored)
            chart.close(self._recent.of(wish["instrument"], wish["timeframe"]))
            self._charts[channel] = chart

    def _refuse(self, channel: str, error: Exception) -> None:
        """Tell those who wait; the next wish tries again."""
        if not isinstance(error, VeloxError):
            log.error("a chart could not be loaded", exc_info=error, extra={"channel": channel})
        known = isinstance(error, VeloxError)
        said = {"code": error.code, "message": error.message} if known else {"code": "error", "message": "no chart now"}
        self._owed.discard(channel)
        self._line.chart(channel, "error", msgspec.json.encode(said), final=True)

    def close(self) -> None:
        self._reader.shutdown(wait=False, cancel_futures=True)
