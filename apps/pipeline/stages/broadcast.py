"""broadcast: what moved on the path → every open page and socket."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from operator import attrgetter
from typing import Any, Final, Protocol

import msgspec
import numpy as np

from apps.bus.codecs import decode as decode_message
from apps.common.live import STATUS_GROUP, ChartWish, account_group
from apps.domain.candles import CandleBuilder
from apps.domain.frames import TICK, TickArray, decode
from apps.domain.messages import CancelOrder, Fill, NewOrder, OrderChanged, PositionChanged
from apps.domain.ports import Message
from apps.domain.timeframes import DAY
from apps.pipeline import flow
from apps.pipeline.charts import ChartBoard, History, history_before
from apps.pipeline.last_prices import LastPrices

log = logging.getLogger("velox.broadcast")

PRICES_S: Final = 0.05
CHARTS_S: Final = 0.1
STATUS_S: Final = 1.0
MINUTE: Final = 60

_KINDS: Final = {
    NewOrder: ("order", "new"),
    CancelOrder: ("order", "cancel_wanted"),
    OrderChanged: ("order", ""),
    Fill: ("fill", ""),
    PositionChanged: ("position", ""),
}
_INTERNAL: Final = ("tape_at", "at_ns", "cash_fraction")


class Line(Protocol):
    """The way to the hubs (`live_link.LiveLink`). Nothing here waits."""

    def prices(self, rows: bytes) -> None: ...

    def chart(self, channel: str, kind: str, body: bytes, *, final: bool) -> None: ...

    def event(self, group: str, kind: str, body: bytes) -> None: ...

    def wishes(self) -> list[ChartWish]: ...

    def wants_prices(self) -> bool: ...

    def close(self) -> None: ...


class Broadcast:
    """Prices leave as one conflated frame every 50 ms, charts at most ten times a second, everything that concerns
    an account at once and one by one.

    `builder`: of its own, with every timeframe a chart may have. `history`: stored candles. `symbols`: by number.
    `status`: what else the status channel tells (feed, stages), asked once a second.
    """

    name = "broadcast"
    patience_s = 0.02
    reads = (flow.TICKS, flow.CANDLES, flow.ORDERS, flow.POSITIONS)
    writes = ()

    def __init__(
        self,
        line: Line,
        builder: CandleBuilder,
        history: History,
        *,
        symbols: Mapping[int, str] | None = None,
        status: Callable[[], dict[str, Any]] = dict,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._line, self._builder, self._history = line, builder, history
        self._symbols, self._status, self._clock = symbols or {}, status, clock
        self._charts = ChartBoard(line, builder, history)
        self._last = LastPrices()
        self._references = ThreadPoolExecutor(1, "velox-references")
        self._finding: dict[int, Future[float | None]] = {}
        self._beginning = [self._references.submit(self._newest, number) for number in self._symbols]
        self._moved: set[int] = set()
        self._seen: dict[tuple[str, int], int] = {}
        self._prices_at = self._charts_at = self._status_at = float("-inf")
        self._ticks = 0
        self._event_ns = self._lag_ns = 0

    def handle(self, messages: list[Message]) -> None:
        fresh = [each for each in messages if each.offset > self._seen.get((each.topic, each.partition), -1)]
        self._on_ticks([decode(each.payload)[1] for each in fresh if each.topic == flow.TICKS])
        for message in sorted(fresh, key=attrgetter("published_ns")):  # an order before its fill, whatever the topic
            if message.topic == flow.CANDLES:
                self._on_candles(message)
            elif message.topic != flow.TICKS:
                self._on_event(message)
            self._seen[message.topic, message.partition] = message.offset
        self.idle()

    def idle(self) -> None:
        """What is due by the clock; calling it often costs nothing."""
        now = self._clock()
        if now - self._prices_at >= PRICES_S:
            self._prices_at = now
            self._tell_prices()
        if now - self._charts_at >= CHARTS_S:
            self._charts_at = now
            self._charts.wish(self._line.wishes(), self._last.event_ns)
            self._charts.tell(self._moved)
            self._moved.clear()
        if now - self._status_at >= STATUS_S:
            self._tell_status(now)

    def close(self) -> None:
        self._prices_at = self._charts_at = float("-inf")
        self.idle()
        self._charts.close()
        self._references.shutdown(wait=False, cancel_futures=True)
        self._line.close()

    # --- market data

    def _on_ticks(self, frames: list[TickArray]) -> None:
        """All that came since the last time, as one array: what a page shows is the end of it."""
        ticks = np.concatenate(frames) if frames else np.zeros(0, TICK)
        if not len(ticks):
            return
        ticks.setflags(write=False)  # as off the bus: numba compiles for the one kind only
        for number in self._last.update(ticks).tolist():
            self._finding[number] = self._references.submit(self._reference, number, self._last.event_ns(number))
        self._charts.saw(self._builder.add(ticks))
        self._moved.update(np.unique(ticks["instrument"]).tolist())
        self._ticks += len(ticks)
        self._event_ns = int(ticks["event_ns"][-1])
        self._lag_ns = time.time_ns() - int(ticks["seen_ns"][-1])

    def _on_candles(self, message: Message) -> None:
        _, closed, _ = decode(message.payload)
        self._charts.take(closed)
        for day in closed[closed["timeframe"] == DAY] if len(closed) else ():
            self._last.refer(int(day["instrument"]), float(day["close"]))

    def _reference(self, number: int, now_ns: int) -> float | None:
        """The close of the trading day before, if it is stored."""
        days = history_before(self._history, number, DAY, 2, now_ns)
        return float(days["close"][-1]) if len(days) else None

    def _newest(self, number: int) -> tuple[int, float, int] | None:
        """(instrument, close, when) of the newest stored minute."""
        stored = history_before(self._history, number, MINUTE, 1, None)
        return (number, float(stored["close"][-1]), int(stored["end_ns"][-1])) if len(stored) else None

    def _begin_prices(self) -> None:
        while self._beginning and self._beginning[0].done():
            read = self._beginning.pop(0)
            if read.exception() is not None:
                log.warning("no stored price", exc_info=read.exception())
            elif (found := read.result()) is not None:
                self._last.begin(*found)

    def _tell_prices(self) -> None:
        self._begin_prices()
        for number in [number for number, found in self._finding.items() if found.done()]:
            found = self._finding.pop(number)
            if found.exception() is not None:
                log.warning("no reference price", exc_info=found.exception(), extra={"instrument": number})
            elif (price := found.result()) is not None:
                self._last.refer(number, price)
        if self._line.wants_prices():
            self._last.mark_all()
        rows = self._last.take()
        if rows:
            self._line.prices(rows)

    # --- what concerns an account

    def _on_event(self, message: Message) -> None:
        said = decode_message(message.payload)
        kind, event = _KINDS.get(type(said), ("", ""))
        if kind:
            self._line.event(account_group(said.account_id), kind, self._body(said, event))

    def _body(self, said: Any, event: str) -> bytes:
        facts = msgspec.to_builtins(said, builtin_types=())
        facts["at_ms"] = said.at_ns // 1_000_000
        if event:
            facts["event"] = event
        symbol = self._symbols.get(said.instrument)
        if symbol is not None:
            facts["symbol"] = symbol
        return msgspec.json.encode({name: value for name, value in facts.items() if name not in _INTERNAL})

    def _tell_status(self, now: float) -> None:
        passed, self._status_at = now - self._status_at, now
        rate = round(self._ticks / passed) if passed < 1e9 else 0
        self._ticks = 0
        told = {"ticks_per_s": rate, "event_ms": self._event_ns // 1_000_000, "lag_ms": self._lag_ns // 1_000_000}
        self._line.event(STATUS_GROUP, "feed", msgspec.json.encode({**told, **self._status()}))
