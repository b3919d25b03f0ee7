"""The newest price of every instrument, and who wants to hear of which."""

from __future__ import annotations

from collections.abc import Iterable, Set
from typing import Any

import msgspec
import numpy as np

from apps.common.live import PRICE
from apps.dashboard.live.socket import Socket
from apps.dashboard.live.wire import pack

_encoder = msgspec.json.Encoder()  # writes NaN as null
NS_PER_MS = 1_000_000


class PriceBoard:
    """Rows come in as they change, packets go out when `flush` is called: one a socket, newest prices only.

    Sockets with the same subscription share one packet; a row is encoded once for all of them.
    """

    def __init__(self) -> None:
        self._rows: dict[int, tuple[Any, ...]] = {}  # instrument -> its newest row
        self._json: dict[int, bytes] = {}  # the same as JSON, made when somebody wants it
        self._changed: set[int] = set()
        self._groups: dict[frozenset[int], set[Socket]] = {}
        self._wants: dict[Socket, frozenset[int]] = {}

    def apply(self, payload: bytes) -> bool:
        """Take PRICE rows; True when somebody may have to be told."""
        rows = {row[0]: row for row in np.frombuffer(payload, PRICE).tolist()}
        self._rows |= rows
        for number in rows.keys() & self._json.keys():
            del self._json[number]
        if self._groups:
            self._changed |= rows.keys()
        return bool(self._groups)

    def want(self, socket: Socket, instruments: Iterable[int]) -> None:
        """Set the whole of what a socket wants; nothing ends its wish."""
        wanted = frozenset(instruments)
        before = self._wants.pop(socket, None)
        if before is not None:
            self._groups[before].discard(socket)
            if not self._groups[before]:
                del self._groups[before]
        if wanted:
            self._wants[socket] = wanted
            self._groups.setdefault(wanted, set()).add(socket)

    def packet(self, instruments: Set[int]) -> bytes:
        """One price message with the newest rows of these instruments (those that have one)."""
        return pack(b'{"t":"px","d":[%s]}' % self._rows_of(instruments))

    def snapshot(self, channel: str, instruments: Set[int]) -> bytes:
        """The whole of one price channel."""
        head = (_encoder.encode(channel), _encoder.encode(sorted(instruments)), self._rows_of(instruments))
        return pack(b'{"t":"px","snapshot":true,"ch":%s,"instruments":%s,"d":[%s]}' % head)

    def flush(self) -> None:
        """Tell everyone what has changed since the last flush."""
        changed, self._changed = self._changed, set()
        for wanted, sockets in self._groups.items():
            hit = changed & wanted
            if hit:
                packet = self.packet(hit)
                for socket in sockets:
                    socket.offer_prices(packet, hit)

    def _rows_of(self, instruments: Set[int]) -> bytes:
        return b",".join(self._row(number) for number in sorted(instruments) if number in self._rows)

    def _row(self, number: int) -> bytes:
        made = self._json.get(number)
        if made is None:
            *prices, event_ns = self._rows[number]
            made = self._json[number] = _encoder.encode((*prices, event_ns // NS_PER_MS))
        return made
