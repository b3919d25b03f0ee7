"""A channel whose messages may not be lost: numbered, and kept a while for those who come back."""

from __future__ import annotations

import time
from collections import deque
from typing import Final

import msgspec

from apps.dashboard.live.socket import Socket
from apps.dashboard.live.wire import pack

KEPT: Final = 1_024


def first_seq() -> int:
    """Where a new stream starts to count: ms since 1970 times 1000.

    So the numbers of a later stream are always above those of an earlier one, here or in another process,
    and a client that resumes elsewhere is never mistaken for one that missed nothing. Fits a JavaScript number.
    """
    return time.time_ns() // 1_000_000 * 1_000


class Stream:
    """One channel in one process. `seq` counts without gaps; every watcher sees every number once, in order."""

    def __init__(self, name: str, group: str) -> None:
        self.name = name  # as messages name it: account:7, runs, status
        self.group = group
        self.seq = first_seq()
        self.sockets: set[Socket] = set()
        self._kept: deque[tuple[int, bytes]] = deque(maxlen=KEPT)
        self._senders: dict[str, int] = {}
        self._head = msgspec.json.encode(name)

    def add(self, kind: str, body: bytes) -> bytes:
        """Number a message, keep it, and give the packet for every watcher. `body`: JSON."""
        self.seq += 1
        packet = pack(b'{"t":"%s","ch":%s,"seq":%d,"d":%s}' % (kind.encode(), self._head, self.seq, body))
        self._kept.append((self.seq, packet))
        return packet

    def snapshot(self, body: bytes, seq: int) -> bytes:
        """The state of the channel; everything up to `seq` is in it."""
        return pack(b'{"t":"snapshot","ch":%s,"seq":%d,"d":%s}' % (self._head, seq, body))

    def after(self, seq: int) -> list[bytes] | None:
        """The packets that follow `seq`; None when they are not all here any more, or `seq` is not ours."""
        oldest = self._kept[0][0] if self._kept else self.seq + 1
        if not oldest - 1 <= seq <= self.seq:
            return None
        return [packet for number, packet in self._kept if number > seq]

    def lost(self, by: str, n: int) -> bool:
        """True when a sender's count shows that the channel layer lost something on the way here."""
        before = self._senders.get(by)
        self._senders[by] = n
        return before is not None and n != before + 1
