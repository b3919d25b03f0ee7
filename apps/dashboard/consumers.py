"""The websocket doors: who may come in, and the loop that hears what a client says."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final
from weakref import WeakKeyDictionary

from channels.layers import get_channel_layer

from apps.common.live import hub_loop
from apps.dashboard.live.hub import Hub
from apps.dashboard.live.limits import MAX_STRANGERS, LimitReached
from apps.dashboard.live.poll import Poller
from apps.dashboard.live.protocol import parse_wish
from apps.dashboard.live.session import Session
from apps.dashboard.live.sources import Sources
from apps.dashboard.live.visitors import Credential, Visitor, address_of, credential_shown, session_visitor
from apps.dashboard.live.wire import DIRECT, AsgiWire
from apps.domain.errors import BadInput, NotFound

log = logging.getLogger(__name__)

NOT_SIGNED_IN: Final = 4401
TOO_MANY: Final = 4429
WELCOME_S: Final = 60.0  # how often a session, key or token is looked up again
INTRODUCE_S: Final = 10.0  # how long a program may take to say who it is
_REASON: Final = 120  # bytes; a close frame holds 123
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class LiveApp:
    """Plain ASGI websocket applications on one hub a loop: `__call__` for pages, below Channels' origin check and
    session auth, and `programs`, which looks at keys and tokens only.

    Not a Channels consumer: a consumer costs a channel, a queue and a task hop for every message and socket.
    """

    def __init__(self, sources: Sources, layer: Any = None) -> None:
        self._sources, self._layer = sources, layer
        self._hubs: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Future[Hub]] = WeakKeyDictionary()
        self._strangers = 0

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        await _accept(receive, send)
        user = scope.get("user")
        if user is None or not user.is_authenticated:
            # accepted first: a browser shows the code of a close, never that of a refused handshake
            await _refuse(send, NOT_SIGNED_IN, "sign in first")
            return

        async def look(session: Session) -> Visitor:
            visitor = await self._sources.signed_in(scope)
            if visitor is None:
                raise NotFound("signed out")
            return visitor

        session = await self._begin(scope, send, session_visitor(user))
        if session is not None:
            await self._serve(session, receive, look)

    async def programs(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """A key or an access token in a header, or in the first message. Cookies are not looked at, which is why no
        origin need be: another site's page has nothing here that a browser would send along by itself."""
        await _accept(receive, send)
        address = address_of(scope)
        held: list[Credential] = []

        async def admit(credential: Credential) -> Visitor:
            visitor = await self._sources.admit(credential, address)
            held[:] = [credential]
            return visitor

        try:
            credential, asked = await self._introduced(scope, receive)
            visitor = await admit(credential)
        except LimitReached as error:
            await _refuse(send, TOO_MANY, error.message)
            return
        except (BadInput, NotFound) as error:
            await _refuse(send, NOT_SIGNED_IN, error.message)
            return

        async def look(session: Session) -> Visitor:
            if session.visitor.until_s is not None and session.visitor.until_s <= time.time():
                raise NotFound("the access token has expired; send the next one before, with op auth")
            return await self._sources.admit(held[0], address)

        session = await self._begin(scope, send, visitor, admit)
        if session is not None:
            if asked is not None:
                session.answer_auth(asked)
            await self._serve(session, receive, look)

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

    async def _begin(self, scope: dict[str, Any], send: Send, visitor: Visitor, admit: Any = None) -> Session | None:
        """The session, greeted; None where there is no room for it, which it has then been told."""
        wire = scope.get("extensions", {}).get(DIRECT, {}).get("wire") or AsgiWire(send)
        try:
            session = Session(await self.hub(), self._sources, wire, visitor, admit)
        except LimitReached as error:
            await _refuse(send, TOO_MANY, error.message)
            return None
        session.greet()
        return session

    async def _serve(self, session: Session, receive: Receive, look: Callable[[Session], Awaitable[Visitor]]) -> None:
        watch = asyncio.create_task(self._keep_welcome(session, look))
        try:
            await self._converse(session, receive)
        finally:
            watch.cancel()
            session.leave()

    async def _introduced(self, scope: dict[str, Any], receive: Receive) -> tuple[Credential, int | str | None]:
        """What the program shows, and the id of the message it showed it in. Raises BadInput, LimitReached."""
        shown = credential_shown(scope)
        if shown is not None:
            return shown, None
        if self._strangers >= MAX_STRANGERS:
            told = f"{MAX_STRANGERS} sockets are waiting to say who they are; send the key or token in a header"
            raise LimitReached(told, limit="strangers", most=MAX_STRANGERS)
        self._strangers += 1
        try:
            message = await asyncio.wait_for(receive(), INTRODUCE_S)
        except TimeoutError:
            raise BadInput(f"no key or token came within {INTRODUCE_S:g} s") from None
        finally:
            self._strangers -= 1
        if message["type"] == "websocket.disconnect":
            raise BadInput("gone")
        wish = parse_wish(message.get("text"))
        if wish.credential is None:
            raise BadInput('say who you are first: {"op":"auth","key":…}, or send the key or token in a header')
        return wish.credential, wish.id

    @staticmethod
    async def _converse(session: Session, receive: Receive) -> None:
        while True:
            message = await receive()
            if message["type"] == "websocket.disconnect" or session.socket.closed:
                return
            await session.hear(message.get("text") if message.get("text") is not None else message.get("bytes"))

    @staticmethod
    async def _keep_welcome(session: Session, look: Callable[[Session], Awaitable[Visitor]]) -> None:
        """A socket does not outlive its sign-in, its key or a right to an account by more than a minute, and the
        token it came in with not at all."""
        while True:
            until_s = session.visitor.until_s
            await asyncio.sleep(WELCOME_S if until_s is None else max(0.0, min(WELCOME_S, until_s - time.time())))
            try:
                await session.look_again(await look(session))
            except NotFound as error:
                session.socket.end(NOT_SIGNED_IN, error.message)
                return
            except Exception:
                log.exception("a visitor could not be looked up; the socket stays until the next look")


async def _accept(receive: Receive, send: Send) -> None:
    await receive()  # websocket.connect
    await send({"type": "websocket.accept"})


async def _refuse(send: Send, code: int, reason: str) -> None:
    reason = reason.encode()[:_REASON].decode(errors="ignore")
    try:
        await send({"type": "websocket.close", "code": code, "reason": reason})
    except OSError:  # it has gone already
        return
