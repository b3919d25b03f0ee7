"""One open socket: what waits for it, what may be skipped, and when it has become too slow."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Set
from typing import Any, Final

from apps.dashboard.live.wire import Wire

TOO_SLOW: Final = 4408
MAX_WAITING: Final = 2_000  # messages that may not be skipped
MAX_WAITING_BYTES: Final = 1 << 20
_WRITE_BYTES: Final = 64 * 1024  # at most this much more goes to a wire that says it is ready


class Socket:
    """Packets wait here while the peer is slow. Events wait in order and are never dropped: when too many
    wait, the socket is closed and says so. Of prices only *which* changed is remembered, of a forming
    candle only the newest, so a slow peer costs the same memory for ever.
    """

    __slots__ = (
        "_bytes", "_charts", "_queue", "_stale",
        "channels", "closed", "holder", "prices_of", "skipped", "user", "wire",
    )  # fmt: skip

    def __init__(self, wire: Wire, user: Any, prices_of: Callable[[Set[int]], bytes], holder: str = "") -> None:
        self.wire = wire
        self.user = user
        self.holder = holder  # whose sockets are counted together: a key, or the user
        self.channels: set[str] = set()
        self.closed = False
        self.skipped = 0  # price and forming-candle packets left out
        self.prices_of = prices_of
        self._queue: deque[bytes] = deque()
        self._bytes = 0
        self._charts: dict[str, bytes] = {}
        self._stale: set[int] = set()
        wire.on_ready = self.flush

    @property
    def clear(self) -> bool:
        return not self._queue and self.wire.ready

    @property
    def waiting(self) -> int:
        return len(self._queue)

    def push(self, packet: bytes) -> None:
        """Queue what may not be skipped; it leaves at the next `flush`."""
        if self.closed:
            return
        self._queue.append(packet)
        self._bytes += len(packet)
        if (len(self._queue) > MAX_WAITING or self._bytes > MAX_WAITING_BYTES) and not self.wire.ready:
            self.end(TOO_SLOW, f"too slow: {len(self._queue)} messages were waiting; subscribe anew for a snapshot")

    def offer_prices(self, packet: bytes, instruments: Set[int]) -> None:
        """Send now, or remember that these prices changed."""
        if self.clear:
            self.wire.write(packet)
        else:
            self._stale |= instruments
            self.skipped += 1

    def offer_chart(self, channel: str, packet: bytes) -> None:
        """Send now, or keep as the newest forming candle of this chart."""
        if self.clear:
            self.wire.write(packet)
        else:
            self.skipped += channel in self._charts
            self._charts[channel] = packet

    def forget(self, channel: str) -> None:
        self._charts.pop(channel, None)

    def flush(self) -> None:
        """Write what waits, events first, as far as the wire takes it."""
        while self._queue and self.wire.ready:
            batch, size = [], 0
            while self._queue and size < _WRITE_BYTES:
                batch.append(self._queue.popleft())
                size += len(batch[-1])
            self._bytes -= size
            self.wire.write(b"".join(batch))
        while self._charts and self.clear:
            self.wire.write(self._charts.pop(next(iter(self._charts))))
        if self._stale and self.clear:
            stale, self._stale = self._stale, set()
            self.wire.write(self.prices_of(stale))

    def end(self, code: int, reason: str) -> None:
        if not self.closed:
            self.drop()
            self.wire.end(code, reason)

    def drop(self) -> None:
        """The peer has gone, or is about to: nothing is kept for it."""
        self.closed = True
        self._queue.clear()
        self._charts.clear()
        self._stale.clear()
        self._bytes = 0
