"""Kraken's `book` channel (v1 websocket) into recorded books, proven by the venue's own checksum.

Each update carries a CRC-32 of the ten best levels of both sides, over the digits of price and size without
point and leading zeros: the integers a book holds. A wrong checksum means the book is wrong: it is dropped,
and the channel has to be subscribed again.
"""

from __future__ import annotations

import zlib
from decimal import Decimal
from typing import Any, Final

from apps.domain.books import ASK, BID, Book
from apps.domain.depth_tape import DepthRecorder
from apps.feeds.depth import levels

_CHECKED: Final = 10


def checksum(book: Book) -> int:
    """Asks first, best first: price and size digits of each, end to end."""
    best = book.asks.top(_CHECKED) + book.bids.top(_CHECKED)
    return zlib.crc32("".join(f"{price}{size}" for price, size in best).encode())


class KrakenBook:
    """One pair at one depth. Messages are the channel's arrays: [channel, {…}, ({…},) name, pair]."""

    def __init__(self, recorder: DepthRecorder, depth: int) -> None:
        self.recorder, self._depth = recorder, depth
        self.checked = 0
        self.last_checksum: int | None = None

    def on_message(self, message: list[Any], seen_ns: int) -> int:
        """Returns how many changes it brought; 0 for a snapshot, and where no book is known."""
        parts = [part for part in message if isinstance(part, dict)]
        first, digits = parts[0], self.recorder.digits
        if "as" in first or "bs" in first:
            self.recorder.snapshot(levels(digits, first["bs"]), levels(digits, first["as"]), seen_ns)
            return 0
        if self.recorder.book is None:
            return 0
        count, event_ns = 0, 0
        for part in parts:
            for side, name in ((BID, "b"), (ASK, "a")):
                rows = part.get(name, ())
                for row, (price, size) in zip(rows, levels(digits, rows), strict=True):
                    event_ns = max(event_ns, int(Decimal(row[2]) * 1_000_000_000))
                    self.recorder.change(side, price, size, event_ns, seen_ns)
                    count += 1
        self.recorder.trim(self._depth, event_ns, seen_ns)
        self._check(int(parts[-1]["c"]))
        return count

    def _check(self, theirs: int) -> None:
        if self.recorder.book is None or checksum(self.recorder.book) != theirs:
            self.recorder.lost()
            return
        self.checked += 1
        self.last_checksum = theirs
