"""The hub: subscribes once a topic to the channel layer and fans packets out to this process's own sockets."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, Final

import msgspec

from apps.common.live import CHARTS_GROUP, HUBS_GROUP, PRICES_GROUP, STAGE_GROUP, WatchMessage
from apps.dashboard.live.charts import ChartRoom
from apps.dashboard.live.limits import MAX_SOCKETS_KEY, MAX_SOCKETS_USER, LimitReached
from apps.dashboard.live.prices import PriceBoard
from apps.dashboard.live.socket import Socket
from apps.dashboard.live.streams import Stream
from apps.dashboard.live.visitors import Visitor
from apps.dashboard.live.wire import pack
from apps.domain.errors import VeloxError

log = logging.getLogger(__name__)

PRICE_INTERVAL_S: Final = 0.04  # a little below the stage's own 50 ms, so that its frames are never held back
ANNOUNCE_S: Final = 5.0
RENEW_S: Final = 60.0
LINGER_S: Final = 60.0  # a stream without watchers is kept this long for those who come back
_BURST: Final = 64  # messages taken before the loop may write


class Hub:
    """One a process, living on the sockets' event loop. Nothing here waits for a socket."""

    def __init__(self, layer: Any, *, price_interval_s: float = PRICE_INTERVAL_S) -> None:
        self.id = uuid.uuid4().hex[:12]
        self.board = PriceBoard()
        self.charts = ChartRoom(self.announce)
        self.streams: dict[str, Stream] = {}
        self.sockets: set[Socket] = set()
        self.on_lost: Callable[[Stream], Awaitable[None]] | None = None
        self._layer = layer
        self._interval = price_interval_s
        self._touched: set[Socket] = set()
        self._flush_due = self._prices_due = self._announce_due = False
        self._flushed_at = float("-inf")
        self._tasks: set[asyncio.Task[None]] = set()
        self._market = self._events = ""
        self._has_prices = False

    # --- life

    async def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._market = await self._layer.new_channel("live.market")
        self._events = await self._layer.new_channel("live.events")
        await self._join()
        self.spawn(self._receive(self._market, self._on_market))
        self.spawn(self._receive(self._events, self._on_event))
        self.spawn(self._keep_house())
        self.announce()

    async def close(self) -> None:
        for socket in list(self.sockets):
            socket.end(1012, "the server is restarting")
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for group, channel in self._memberships():
            await self._layer.group_discard(group, channel)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _memberships(self) -> list[tuple[str, str]]:
        market = [(PRICES_GROUP, self._market), (CHARTS_GROUP, self._market)]
        return [*market, (HUBS_GROUP, self._events), *((each.group, self._events) for each in self.streams.values())]

    async def _join(self) -> None:
        for group, channel in self._memberships():
            await self._layer.group_add(group, channel)

    # --- sockets

    def room_for(self, visitor: Visitor) -> None:
        """Raises LimitReached where this key or user has as many sockets here as it may."""
        if visitor.holder.startswith("key:"):
            theirs = sum(socket.holder == visitor.holder for socket in self.sockets)
            if theirs >= MAX_SOCKETS_KEY:
                told = f"too many sockets: an API key has at most {MAX_SOCKETS_KEY} open"
                raise LimitReached(told, limit="sockets_per_key", most=MAX_SOCKETS_KEY)
        if sum(socket.user.pk == visitor.user.pk for socket in self.sockets) >= MAX_SOCKETS_USER:
            told = f"too many sockets: a user has at most {MAX_SOCKETS_USER} open"
            raise LimitReached(told, limit="sockets_per_user", most=MAX_SOCKETS_USER)

    def turn_away(self, stream: Stream, socket: Socket, error: VeloxError) -> None:
        """What was theirs to see is so no longer: the socket is told, and hears nothing more of it."""
        stream.sockets.discard(socket)
        socket.channels.discard(stream.name)
        told = {"t": "error", "code": error.code, "message": error.message, "id": None, "ch": stream.name}
        socket.push(pack(msgspec.json.encode(told)))
        self.touch(socket)

    def leave(self, socket: Socket) -> None:
        """Forget a socket that has gone."""
        socket.drop()
        self.sockets.discard(socket)
        self._touched.discard(socket)
        self.board.want(socket, ())
        self.charts.leave(socket)
        for key in [key for key, stream in self.streams.items() if socket in stream.sockets]:
            self.unwatch(key, socket)

    async def stream(self, key: str, name: str, group: str) -> Stream:
        """The stream of a channel, joined to its group; made when first asked for."""
        found = self.streams.get(key)
        if found is None:
            found = self.streams[key] = Stream(name, group)
        await self._layer.group_add(group, self._events)
        return found

    def unwatch(self, key: str, socket: Socket) -> None:
        stream = self.streams.get(key)
        if stream is not None:
            stream.sockets.discard(socket)
            if not stream.sockets:
                self._loop.call_later(LINGER_S, self._retire, key)

    def _retire(self, key: str) -> None:
        stream = self.streams.get(key)
        if stream is not None and not stream.sockets:
            del self.streams[key]
            self.spawn(self._layer.group_discard(stream.group, self._events))

    # --- what comes in

    async def _receive(self, channel: str, handle: Callable[[dict[str, Any]], None]) -> None:
        taken = 0
        while True:
            message = await self._layer.receive(channel)
            try:
                handle(message)
            except Exception:
                log.exception("a live message could not be used", extra={"type": message.get("type")})
            taken += 1
            if taken % _BURST == 0:
                await asyncio.sleep(0)  # a full queue would never let anybody write

    def _on_market(self, message: dict[str, Any]) -> None:
        if message["type"] == "live.prices":
            self._has_prices = True
            if self.board.apply(message["rows"]):
                self._prices_soon()
        else:
            self._touch(self.charts.take(message))

    def _on_event(self, message: dict[str, Any]) -> None:
        if message["type"] == "live.hello":
            self.announce()
            return
        for stream in [each for each in self.streams.values() if each.group == message["group"]]:
            if stream.lost(message["by"], message["n"]) and self.on_lost is not None:
                log.warning("the channel layer lost a message", extra={"group": stream.group})
                self.spawn(self.on_lost(stream))  # type: ignore[arg-type]
            self.tell(stream, message["kind"], message["body"])

    def tell(self, stream: Stream, kind: str, body: bytes) -> None:
        """Number a message and queue it for every watcher of the stream."""
        packet = stream.add(kind, body)
        for socket in stream.sockets:
            socket.push(packet)
        self._touch(stream.sockets)

    # --- what goes out

    def _touch(self, sockets: set[Socket]) -> None:
        """Write to these at the end of this turn of the loop, all that came together in one write."""
        self._touched |= sockets
        if self._touched and not self._flush_due:
            self._flush_due = True
            self._loop.call_soon(self._flush)

    def touch(self, socket: Socket) -> None:
        self._touch({socket})

    def _flush(self) -> None:
        self._flush_due = False
        touched, self._touched = self._touched, set()
        for socket in touched:
            socket.flush()

    def _prices_soon(self) -> None:
        if not self._prices_due:
            self._prices_due = True
            self._loop.call_at(max(self._loop.time(), self._flushed_at + self._interval), self._flush_prices)

    def _flush_prices(self) -> None:
        self._prices_due = False
        self._flushed_at = self._loop.time()
        self.board.flush()

    # --- what the stage has to know

    def announce(self) -> None:
        """Tell the broadcast stage, at the end of this turn, what this process's sockets watch."""
        if not self._announce_due:
            self._announce_due = True
            self.spawn(self._announce())

    async def _announce(self) -> None:
        self._announce_due = False
        message: WatchMessage = {
            "type": "live.watch", "hub": self.id, "charts": self.charts.wishes(), "prices": not self._has_prices,
        }  # fmt: skip
        await self._layer.group_send(STAGE_GROUP, message)

    async def _keep_house(self) -> None:
        renewed_at = self._loop.time()
        while True:
            await asyncio.sleep(ANNOUNCE_S)
            self.announce()
            if self._loop.time() - renewed_at > RENEW_S:  # memberships expire
                renewed_at = self._loop.time()
                await self._join()
