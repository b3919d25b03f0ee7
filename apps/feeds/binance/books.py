"""Binance's diff-depth stream and REST snapshots into recorded books.

Events cover update ids U to u. After a snapshot with `lastUpdateId`, events with u at or below it are stale;
the first one used must cover lastUpdateId + 1, and from then on each U follows the u before it.
"""

from __future__ import annotations

from typing import Any

from apps.domain.books import ASK, BID
from apps.domain.depth_tape import DepthRecorder
from apps.feeds.depth import levels


class BinanceBook:
    """One symbol. Events that come before the snapshot are kept and played after it."""

    def __init__(self, recorder: DepthRecorder) -> None:
        self.recorder = recorder
        self.stale = self.applied = 0
        self.last_id: int | None = None  # None: a snapshot is needed
        self._early: list[tuple[dict[str, Any], int]] = []

    @property
    def needs_snapshot(self) -> bool:
        return self.last_id is None

    def on_snapshot(self, message: dict[str, Any], seen_ns: int) -> None:
        """An answer of the REST depth endpoint."""
        digits = self.recorder.digits
        self.recorder.snapshot(levels(digits, message["bids"]), levels(digits, message["asks"]), seen_ns)
        self.last_id = int(message["lastUpdateId"])
        early, self._early = self._early, []
        for event, at_ns in early:
            self.on_event(event, at_ns)

    def on_event(self, event: dict[str, Any], seen_ns: int) -> int:
        """One depthUpdate; returns how many changes it brought. A gap ends the book and asks for a snapshot."""
        if self.last_id is None:
            self._early.append((event, seen_ns))
            return 0
        if event["u"] <= self.last_id:
            self.stale += 1
            return 0
        if event["U"] > self.last_id + 1:
            self.recorder.lost()
            self.last_id = None
            self._early = [(event, seen_ns)]
            return 0
        event_ns, count = event["E"] * 1_000_000, 0
        for side, rows in ((BID, event["b"]), (ASK, event["a"])):
            for price, size in levels(self.recorder.digits, rows):
                self.recorder.change(side, price, size, event_ns, seen_ns)
                count += 1
        self.last_id = event["u"]
        self.applied += 1
        return count
