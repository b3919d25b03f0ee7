"""Bybit's `orderbook` topic into recorded books: a snapshot, then deltas whose update id `u` counts by one."""

from __future__ import annotations

from typing import Any

from apps.domain.books import ASK, BID
from apps.domain.depth_tape import DepthRecorder
from apps.feeds.depth import levels


class BybitBook:
    """One symbol. `u` = 1 or the type `snapshot` begins anew; a jump in `u` is a gap: subscribe again."""

    def __init__(self, recorder: DepthRecorder) -> None:
        self.recorder = recorder
        self.last_id: int | None = None

    def on_message(self, message: dict[str, Any], seen_ns: int) -> int:
        """Returns how many changes it brought; 0 for a snapshot, and for deltas that belong to no known book."""
        data, event_ns, digits = message["data"], message["ts"] * 1_000_000, self.recorder.digits
        if message["type"] == "snapshot" or data["u"] == 1:
            self.recorder.snapshot(levels(digits, data["b"]), levels(digits, data["a"]), event_ns)
            self.last_id = data["u"]
            return 0
        if self.last_id is None or data["u"] != self.last_id + 1:
            self.recorder.lost()
            self.last_id = None
            return 0
        count = 0
        for side, rows in ((BID, data["b"]), (ASK, data["a"])):
            for price, size in levels(digits, rows):
                self.recorder.change(side, price, size, event_ns, seen_ns)
                count += 1
        self.last_id = data["u"]
        return count
