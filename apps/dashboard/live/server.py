"""uvicorn's websocket protocol with a door for ready-made packets.

Through ASGI every message and socket costs a coroutine, a frame built anew and a system call; here many packets
leave in one write. Measured with 200 sockets on two busy cores: 17,000-20,000 messages/s through ASGI's `send`,
120,000 this way (tests/bench/bench_push.py measures it beside group_send).
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any, Final

import uvicorn
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.exceptions import InvalidState

from apps.dashboard.live.wire import DIRECT

MAX_MESSAGE: Final = 64 * 1024  # what a browser may send in one message; more is cut off with 1009
_SEND_BUFFER: Final = 128 * 1024
_CUT_OFF_S: Final = 5.0


class LiveProtocol(WebSocketsSansIOProtocol):
    """Offers itself to the application as a `wire.Wire` under the scope's extensions."""

    on_ready: Callable[[], None] | None = None

    def connection_made(self, transport: Any) -> None:
        """Keep the kernel from holding megabytes for a slow peer: those would be prices long out of date."""
        super().connection_made(transport)
        raw = transport.get_extra_info("socket")
        if raw is not None:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)

    def handle_connect(self, event: Any) -> None:
        super().handle_connect(event)
        if hasattr(self, "scope"):  # absent where the handshake was refused
            self.scope["extensions"][DIRECT] = {"wire": self}  # type: ignore[index,typeddict-unknown-key]

    @property
    def ready(self) -> bool:
        return self.writable.is_set()

    def write(self, packets: bytes) -> None:
        if not self.close_sent and not self.transport.is_closing():
            self.transport.write(packets)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self.on_ready is not None:
            self.on_ready()

    def end(self, code: int, reason: str) -> None:
        """As ASGI's close, but without waiting for a peer that does not read."""
        if self.close_sent or self.transport.is_closing():
            return
        try:
            self.conn.send_close(code, reason)
        except InvalidState:
            return
        self.close_sent = True
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_timer = self.loop.call_later(_CUT_OFF_S, self.transport.abort)

    async def send(self, message: Any) -> None:
        if self.close_sent and message["type"] in {"websocket.send", "websocket.close"}:
            raise ClientDisconnected
        await super().send(message)


def server_options() -> dict[str, Any]:
    """What every uvicorn that serves live sockets is started with (`uvicorn.Config(app, **server_options())`)."""
    return {
        "interface": "asgi3",
        "ws": "apps.dashboard.live.server:LiveProtocol",
        "ws_per_message_deflate": False,  # costs a compression per socket and message; packets are shared
        "ws_max_size": MAX_MESSAGE,
        "ws_ping_interval": 20.0,
        "ws_ping_timeout": 20.0,
    }


def server_config(app: Any, **more: Any) -> uvicorn.Config:
    return uvicorn.Config(app, **{**server_options(), **more})
