"""Recording one instrument's book, and asking later what it was: keyframes, changes, holes.

Nothing is guessed over a hole: from the moment updates were missed until the next snapshot there is no book.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from apps.domain.books import Book, Digits, Level
from apps.domain.depth_chunks import CHANGE, Chunk, chunk_decode, chunk_encode
from apps.domain.errors import BadData, NotFound

Sink = Callable[[int, int, bytes], None]
"""Takes a finished chunk: start ns, end ns, bytes."""

_US = 1000


class DepthRecorder:
    """Keeps the book up to date and gives finished chunks to `sink`.

    A chunk ends after `every` changes or `span_s` seconds, whichever is first; the book at its end begins
    the next. `book` is None while nothing is known: before the first snapshot and inside a hole.
    """

    def __init__(self, digits: Digits, sink: Sink, *, every: int = 20_000, span_s: float = 600.0) -> None:
        self.digits = digits
        self.book: Book | None = None
        self.changes = self.holes = 0
        self._sink, self._every, self._span_ns = sink, every, int(span_s * 1e9)
        self._keyframe = Book()
        self._rows: list[tuple[int, int, int, int, int]] = []
        self._start_ns = self._now_ns = 0

    def snapshot(self, bids: Iterable[Level], asks: Iterable[Level], event_ns: int) -> None:
        """The whole book as of now; what was recorded before ends here."""
        if self.book is not None:
            self._finish(is_torn=False, end_ns=max(self._now_ns, _whole(event_ns)))
        self._begin(Book(bids, asks), max(self._now_ns, _whole(event_ns)))

    def change(self, side: int, price: int, size: int, event_ns: int, seen_ns: int) -> None:
        """What stands at a price now. Raises BadData without a snapshot: the change belongs to no known book."""
        book = self.book
        if book is None:
            raise BadData("a change of a book that is not known: wait for its snapshot", price=price)
        if event_ns > self._now_ns:
            self._now_ns = _whole(event_ns)
        if len(self._rows) >= self._every or self._now_ns - self._start_ns > self._span_ns:
            self._finish(is_torn=False, end_ns=self._now_ns)
            self._begin(book, self._now_ns)
        book.halves[side].set(price, size)
        self._rows.append((self._now_ns, seen_ns, side, price, size))
        self.changes += 1

    def trim(self, depth: int, event_ns: int, seen_ns: int) -> None:
        """Drop what lies beyond the `depth` best levels of a side: venues stop telling about those without a word."""
        for side, half in enumerate(self.book.halves if self.book is not None else ()):
            while len(half) > depth and (worst := half.worst) is not None:
                self.change(side, worst, 0, event_ns, seen_ns)

    def lost(self, event_ns: int | None = None) -> None:
        """Updates were missed: nothing is known from the last change on (or `event_ns`) until the next snapshot."""
        if self.book is None:
            return
        self._finish(is_torn=True, end_ns=max(self._now_ns, _whole(event_ns or 0)))
        self.book = None
        self.holes += 1

    def flush(self) -> None:
        """Give out what has been recorded; the recording goes on."""
        if self.book is not None and self._rows:
            self._finish(is_torn=False, end_ns=self._now_ns)
            self._begin(self.book, self._now_ns)

    def close(self) -> None:
        """End the recording: after its last change nothing is known."""
        if self.book is not None:
            self._finish(is_torn=True, end_ns=self._now_ns)
            self.book = None

    def _begin(self, book: Book, at_ns: int) -> None:
        self.book = book
        self._keyframe = Book(book.bids.levels(), book.asks.levels())
        self._rows = []
        self._start_ns = self._now_ns = at_ns

    def _finish(self, *, is_torn: bool, end_ns: int) -> None:
        changes = np.array(self._rows, CHANGE) if self._rows else np.empty(0, CHANGE)
        chunk = Chunk(self.digits, self._start_ns, end_ns, is_torn, self._keyframe, changes)
        self._sink(self._start_ns, end_ns, chunk_encode(chunk))


@dataclass(frozen=True, slots=True)
class Coverage:
    """What a tape knows of [start_ns, end_ns]."""

    start_ns: int
    end_ns: int
    known_ns: int
    holes: tuple[tuple[int, int], ...]
    changes: int
    stored_bytes: int

    @property
    def share(self) -> float:
        """Known time of the whole, 0 to 1."""
        return self.known_ns / max(1, self.end_ns - self.start_ns)


class DepthTape:
    """Recorded chunks of one instrument, oldest first: the book at any instant, and where there is none."""

    def __init__(self, payloads: Sequence[bytes]) -> None:
        """Raises BadData for bytes that are no chunk, or chunks out of order."""
        self._payloads = list(payloads)
        self._chunks = [chunk_decode(payload) for payload in payloads]
        self._starts = [chunk.start_ns for chunk in self._chunks]
        if self._starts != sorted(self._starts):
            raise BadData("depth chunks are not in the order of their time")

    def book_at(self, ns: int) -> Book:
        """The book after all that had happened at this instant. Raises NotFound before it begins and in holes."""
        at = bisect_right(self._starts, ns) - 1
        if at < 0:
            raise NotFound("no book is recorded as early as this", ns=ns)
        chunk = self._chunks[at]
        if ns > chunk.end_ns:
            after = self._starts[at + 1] if at + 1 < len(self._starts) else None
            raise NotFound("updates were missed here: no book is known", ns=ns, from_ns=chunk.end_ns, to_ns=after)
        book = Book(chunk.keyframe.bids.levels(), chunk.keyframe.asks.levels())
        past = chunk.changes[: int(np.searchsorted(chunk.changes["event_ns"], ns, "right"))]
        for side, price, size in zip(*(past[name].tolist() for name in ("side", "price", "size")), strict=True):
            book.halves[side].set(price, size)
        return book

    def coverage(self, start_ns: int, end_ns: int) -> Coverage:
        """How much of a stretch of time the tape knows; its edges count as holes where it begins late or ends early."""
        known, holes, reached = 0, list[tuple[int, int]](), start_ns
        changes = stored = 0
        for chunk, payload in zip(self._chunks, self._payloads, strict=True):
            low, high = max(chunk.start_ns, start_ns), min(chunk.end_ns, end_ns)
            if high < low:
                continue
            if low > reached:
                holes.append((reached, low))
            known += high - max(low, reached)
            reached = max(reached, high)
            changes += len(chunk.changes)
            stored += len(payload)
        if reached < end_ns:
            holes.append((reached, end_ns))
        return Coverage(start_ns, end_ns, known, tuple(holes), changes, stored)


def _whole(ns: int) -> int:
    """Cut to whole microseconds, as chunks store it."""
    return ns - ns % _US
