"""A websocket as the hub sees it: something ready-made packets are written to.

A server's text frame is not masked, so one packet (header and JSON) serves every socket. Where the
server lets us (`server.LiveProtocol`), packets go straight to the transport, many in one write;
under any other ASGI server they go through `send`, one message at a time.
"""

from __future__ import annotations

import asyncio
import struct
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, Final, Protocol

DIRECT: Final = "velox.direct"
"""Scope extension under which a server offers its own Wire."""

_TEXT: Final = 0x81


def pack(text: bytes) -> bytes:
    """The websocket frame (RFC 6455 §5.2, final, text, unmasked) that carries this UTF-8 text."""
    size = len(text)
    if size < 126:
        return bytes((_TEXT, size)) + text
    if size < 65_536:
        return struct.pack("!BBH", _TEXT, 126, size) + text
    return struct.pack("!BBQ", _TEXT, 127, size) + text


def unpack(packets: bytes) -> Iterator[bytes]:
    """The texts inside packets made by `pack`, in order."""
    at = 0
    while at < len(packets):
        size, at = packets[at + 1], at + 2
        if size == 126:
            size, at = struct.unpack_from("!H", packets, at)[0], at + 2
        elif size == 127:
            size, at = struct.unpack_from("!Q", packets, at)[0], at + 8
        yield packets[at : at + size]
        at += size


class Wire(Protocol):
    """One socket's way out. `on_ready` is called when a wire that was full takes packets again."""

    on_ready: Callable[[], None] | None

    @property
    def ready(self) -> bool:
        """False while the peer reads slower than we write."""
        ...

    def write(self, packets: bytes) -> None:
        """Never waits; packets written while not ready are kept by the wire, so ask `ready` first."""
        ...

    def end(self, code: int, reason: str) -> None:
        """Say why and close; a peer that does not read is cut off shortly after."""
        ...


Send = Callable[[dict[str, Any]], Awaitable[None]]


class AsgiWire:
    """A wire over ASGI's own `send`, for servers that offer nothing faster."""

    def __init__(self, send: Send) -> None:
        self.on_ready: Callable[[], None] | None = None
        self._send = send
        self._waiting: deque[dict[str, Any]] = deque()
        self._task: asyncio.Task[None] | None = None

    @property
    def ready(self) -> bool:
        return not self._waiting

    def write(self, packets: bytes) -> None:
        self._queue(*({"type": "websocket.send", "text": text.decode()} for text in unpack(packets)))

    def end(self, code: int, reason: str) -> None:
        self._waiting.clear()
        self._queue({"type": "websocket.close", "code": code, "reason": reason})

    def _queue(self, *messages: dict[str, Any]) -> None:
        self._waiting.extend(messages)
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._drain())

    async def _drain(self) -> None:
        try:
            while self._waiting:
                await self._send(self._waiting[0])
                if self._waiting:  # end() may have emptied it meanwhile
                    self._waiting.popleft()
        except (OSError, RuntimeError):  # the peer has left; the reading side ends the session
            self._waiting.clear()
            return
        if self.on_ready is not None:
            self.on_ready()
