"""aggregate: ticks → candles of every timeframe, aligned to each venue's sessions."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from apps.domain.candles import CandleBuilder
from apps.domain.frames import CANDLES, CandleArray, decode, encode
from apps.domain.ports import BusPort, Message
from apps.marketdata.quotes import QuoteBoard
from apps.pipeline import flow

STORE_EVERY_S = 1.0
STORE_ROWS = 4096


class Aggregate:
    """One candles message for each ticks message, on the same partition, even when nothing closed.

    `store` is given closed candles of at least `store_from_s` in batches, about once a second.
    """

    name = "aggregate"
    reads = (flow.TICKS,)
    writes = (flow.CANDLES,)

    def __init__(
        self,
        bus: BusPort,
        builder: CandleBuilder,
        board: QuoteBoard,
        store: Callable[[CandleArray], object],
        store_from_s: int = 60,
    ) -> None:
        self._bus, self._builder, self._board = bus, builder, board
        self._store, self._store_from = store, store_from_s
        self._kept: list[CandleArray] = []
        self._rows, self._stored_at = 0, time.monotonic()
        self._seen: dict[int, int] = {}
        self.ticks = self.candles = 0

    @property
    def outside(self) -> dict[int, int]:
        """Ticks outside every session, by instrument: dropped and counted."""
        return self._builder.outside

    def handle(self, messages: list[Message]) -> None:
        for message in messages:
            if message.offset <= self._seen.get(message.partition, -1):
                continue  # handed over again after an error further on
            _, ticks, _ = decode(message.payload)
            closed = self._builder.add(ticks)
            self._board.update(ticks)
            self._seen[message.partition] = message.offset
            self._bus.post(flow.CANDLES, message.key, encode(CANDLES, closed, message.offset))
            self.ticks += len(ticks)
            self.candles += len(closed)
            self._keep(closed)
        if self._rows >= STORE_ROWS:
            self.flush()

    def idle(self) -> None:
        if time.monotonic() - self._stored_at >= STORE_EVERY_S:
            self.flush()

    def close(self) -> None:
        self.flush()

    def flush(self) -> None:
        """Hand what closed to the store."""
        self._stored_at = time.monotonic()
        if self._rows:
            self._store(np.concatenate(self._kept))
            self._kept, self._rows = [], 0

    def _keep(self, closed: CandleArray) -> None:
        lasting = closed[closed["timeframe"] >= self._store_from] if len(closed) else closed
        if len(lasting):
            self._kept.append(lasting)
            self._rows += len(lasting)
