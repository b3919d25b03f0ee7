"""One address for browsers: a connection that begins with a socket's path goes to live, every other to web.

What Caddy does in the compose file, without Caddy. A browser opens a connection of its own for a socket,
so looking at the first request is enough; from then on bytes are only carried across.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import suppress

from .home import HOST

HEAD_BYTES = 64 * 1024
SOCKETS = b"/ws/"


class OneOrigin:
    """Listens on `port` and sends each connection on to one of two ports of this machine."""

    def __init__(self, port: int, web: int, live: int) -> None:
        self.port, self._web, self._live = port, web, live

    async def serve(self) -> None:
        server = await asyncio.start_server(self._carry, HOST, self.port, limit=HEAD_BYTES)
        async with server:
            await server.serve_forever()

    async def _carry(self, browser: asyncio.StreamReader, to_browser: asyncio.StreamWriter) -> None:
        ends = [to_browser]
        try:
            first = await browser.readline()
            path = first.split(b" ")[1] if first.count(b" ") == 2 else b"/"
            port = self._live if path.startswith(SOCKETS) else self._web
            server, to_server = await asyncio.open_connection(HOST, port)
            ends.append(to_server)
            to_server.write(first)
            ways = (_pour(browser, to_server), _pour(server, to_browser))
            await asyncio.gather(*ways)
        except (OSError, ValueError, IndexError):
            with suppress(OSError):
                to_browser.write(b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        finally:
            await _close(ends)


async def _pour(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    """Carry bytes until the source ends, then tell the target so."""
    while part := await source.read(HEAD_BYTES):
        target.write(part)
        await target.drain()
    with suppress(OSError):
        target.write_eof()


async def _close(ends: Iterable[asyncio.StreamWriter]) -> None:
    for end in ends:
        end.close()
        with suppress(OSError):
            await end.wait_closed()
