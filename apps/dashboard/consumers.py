"""The websocket door: who may come in, and the loop that hears what a client says."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final
from weakref import WeakKeyDictionary

from channels.layers import get_channel_layer

from apps.common.live import hub_loop
from apps.dashboard.live.hub import Hub
from apps.dashboard.live.poll import Poller
from apps.dashboard.live.session import Session
from apps.dashboard.live.sources import Sources
from apps.dashboard.live.wire import DIRECT, AsgiWire

log = logging.getLogger(__name__)

NOT_SIGNED_IN: Final = 4401
WELCOME_S: Final = 60.0  # how often a session is looked up again
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class LiveApp:
    """A plain ASGI websocket application below Channels' origin check and session auth.

    Not a Channels consumer: a consumer costs a channel, a queue and a task hop for every message and socket.
    """

    def __init__(self, sources: Sources, layer: Any = None) -> None:
        self._sources, self._layer = sources, layer
        self._hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Future[Hub]] = WeakKeyDictionary()

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        await receive()  # websocket.connect
        await send({"type": "websocket.accept"})
        user = scope.get("user")
        if user is None or not user.is_authenticated:
            # accepted first: a browser shows the code of a close, never that of a refused handshake
            await send({"type": "websocket.close", "code": NOT_SIGNED_IN, "reason": "sign in first"})
            return
        wire = scope.get("extensions", {}).get(DIRECT, {}).get("wire") or AsgiWire(send)
        session = Session(await self.hub(), self._sources, wire, user)
        watch = asyncio.create_task(self._keep_welcome(scope, session))
        try:
            session.greet()
            await self._converse(session, receive)
        finally:
            watch.cancel()
            session.leave()

    async def hub(self) -> Hub:
        """This loop's hub, started by whoever asks first."""
        loop = asyncio.get_running_loop()
        started = self._hubs.get(loop)
        if started is None:
            started = self._hubs[loop] = loop.create_future()
            hub = Hub(self._layer or get_channel_layer())
            hub_loop.set(loop)
            await hub.start()
            Poller(hub, self._sources).start()
            started.set_result(hub)
        return await started

    @staticmethod
    async def _converse(session: Session, receive: Receive) -> None:
        while True:
            message = await receive()
            if message["type"] == "websocket.disconnect" or session.socket.closed:
                return
            await session.hear(message.get("text") if message.get("text") is not None else message.get("bytes"))

    async def _keep_welcome(self, scope: dict[str, Any], session: Session) -> None:
        """A socket does not outlive its sign-in by more than a minute."""
        while True:
            await asyncio.sleep(WELCOME_S)
            try:
                welcome = await self._sources.still_welcome(scope)
            except Exception:
                log.exception("a session could not be looked up; its socket stays until the next look")
                continue
            if not welcome:
                session.socket.end(NOT_SIGNED_IN, "signed out")
                return
