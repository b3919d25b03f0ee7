"""One client's conversation: its wishes carried out, its errors told, its channels kept apart from other people's."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

import msgspec

from apps.accounts.scopes import SCOPES
from apps.common.live import STATUS_GROUP, ChartWish, account_group, alerts_group, runs_group
from apps.dashboard.live.hub import Hub
from apps.dashboard.live.limits import MAX_CHANNELS, MAX_CHARTS, Bucket, LimitReached
from apps.dashboard.live.protocol import (
    NEEDS,
    AccountChannel,
    ChartChannel,
    PricesChannel,
    Wish,
    channel_kind,
    parse_channel,
    parse_wish,
)
from apps.dashboard.live.snapshots import stream_show
from apps.dashboard.live.socket import Socket
from apps.dashboard.live.sources import Sources
from apps.dashboard.live.visitors import Credential, Visitor
from apps.dashboard.live.wire import Wire, pack
from apps.domain.errors import NotFound, RuleBroken, VeloxError

PROTOCOL: Final = 1
MAX_ERRORS: Final = 10  # within ERRORS_S
ERRORS_S: Final = 60.0
TOO_MANY_ERRORS: Final = 4400
Admit = Callable[[Credential], Awaitable[Visitor]]
_encode = msgspec.json.encode
_ALL: Final = frozenset(SCOPES)


class Session:
    """Wishes of one socket are carried out one after the other, so that answers come in the order of asking.

    `admit`: checks a credential that is shown later; None where the socket came in with a page's session.
    """

    def __init__(self, hub: Hub, sources: Sources, wire: Wire, visitor: Visitor, admit: Admit | None = None) -> None:
        hub.room_for(visitor)
        self.visitor = visitor
        self.socket = Socket(wire, visitor.user, hub.board.packet, visitor.holder)
        self._hub, self._sources, self._admit = hub, sources, admit
        self._prices: dict[str, frozenset[int]] = {}
        self._errors: list[float] = []
        self._bucket = Bucket()
        hub.sockets.add(self.socket)

    @property
    def _user(self) -> Any:
        return self.visitor.user

    def greet(self) -> None:
        hello = {"t": "hello", "v": PROTOCOL, "now_ms": _now_ms(), "user": self._user.get_username()}
        if self._admit is not None:
            scopes, until_s = self.visitor.scopes, self.visitor.until_s
            hello["scopes"] = None if scopes is None else sorted(scopes)
            hello["until_ms"] = None if until_s is None else int(until_s * 1000)
        self._say(hello)

    def answer_auth(self, asked: int | str | None) -> None:
        self._say({"t": "ok", "id": asked, "op": "auth", "channels": sorted(self.socket.channels)})

    async def look_again(self, visitor: Visitor) -> None:
        """Take the visitor as they are now (the role may be another), and leave accounts that are closed to them."""
        self.visitor, self.socket.user = visitor, visitor.user
        for name in [each for each in self.socket.channels if channel_kind(each) == "account"]:
            channel = parse_channel(name)
            assert isinstance(channel, AccountChannel)
            try:
                await self._sources.account_open(visitor.user, channel.account_id)
            except NotFound as error:
                self._hub.turn_away(self._hub.streams[self._key(name)], self.socket, error)

    def leave(self) -> None:
        self._hub.leave(self.socket)

    async def hear(self, text: str | bytes | None) -> None:
        """Carry out one message; whatever is wrong with it is answered, and too much of that ends the session."""
        name = None
        try:
            self._bucket.take()
            wish = parse_wish(text)
            name = wish.id
            await self._do(wish)
        except VeloxError as error:
            self._complain(error, error.facts.get("id", name))

    async def _do(self, wish: Wish) -> None:
        if wish.op == "ping":
            self._say({"t": "pong", "id": wish.id, "now_ms": _now_ms()})
            return
        if wish.credential is not None:
            await self._show(wish.credential)
            self.answer_auth(wish.id)
            return
        done = []
        for name in wish.channels:
            try:
                if wish.op == "unsubscribe":
                    self._unsubscribe(name)
                else:
                    await self._subscribe(name, wish.after if wish.op == "resume" else None)
                done.append(name)
            except VeloxError as error:  # one bad channel does not keep the others from working
                self._complain(error, wish.id, name)
        if done:
            self._say({"t": "ok", "id": wish.id, "op": wish.op, "channels": done})

    async def _show(self, credential: Credential) -> None:
        """A fresh token (or another key) for a socket that is open: of the same user, and allowing no less."""
        if self._admit is None:
            raise RuleBroken("this socket came in with a page's session and needs no credential")
        visitor = await self._admit(credential)
        if visitor.user.pk != self._user.pk:
            raise RuleBroken("this credential is another user's; open another socket for it")
        if visitor.scopes is not None and not (self.visitor.scopes or _ALL) <= visitor.scopes:
            raise RuleBroken("this credential allows less than the one before; open another socket for it")
        self.visitor, self.socket.user = visitor, visitor.user

    # --- channels

    async def _subscribe(self, name: str, after: int | None) -> None:
        channel = parse_channel(name)
        self.visitor.need(NEEDS[channel_kind(name)], name)
        if name not in self.socket.channels and len(self.socket.channels) >= MAX_CHANNELS:
            told = f"a socket watches at most {MAX_CHANNELS} channels; leave one first"
            raise LimitReached(told, limit="channels", most=MAX_CHANNELS, field="channels")
        if isinstance(channel, PricesChannel):
            await self._watch_prices(name, channel)
        elif isinstance(channel, ChartChannel):
            await self._watch_chart(name, channel)
        else:
            await self._watch_stream(name, after)
        self.socket.channels.add(name)

    def _unsubscribe(self, name: str) -> None:
        """Leaving what was not watched is no error: a client may be cleaning up."""
        self.socket.channels.discard(name)
        if self._prices.pop(name, None) is not None:
            self._want_prices()
        self._hub.charts.drop(name, self.socket)
        self._hub.unwatch(self._key(name), self.socket)

    async def _watch_prices(self, name: str, channel: PricesChannel) -> None:
        if channel.symbol is None:
            numbers = frozenset(await self._sources.watchlist(self._user))
        else:
            numbers = frozenset((await self._sources.instrument(self._user, channel.symbol),))
        self._prices[name] = numbers
        self.socket.push(self._hub.board.snapshot(name, numbers))
        self._hub.touch(self.socket)
        self._want_prices()

    def _want_prices(self) -> None:
        self._hub.board.want(self.socket, frozenset[int]().union(*self._prices.values()))

    async def _watch_chart(self, name: str, channel: ChartChannel) -> None:
        charts = sum(channel_kind(each) in {"chart", "candles"} for each in self.socket.channels - {name})
        if charts >= MAX_CHARTS:
            told = f"a socket watches at most {MAX_CHARTS} charts and candles; leave one first"
            raise LimitReached(told, limit="charts", most=MAX_CHARTS, field="channels")
        instrument = await self._sources.chart_instrument(self._user, channel.symbol, channel.indicators)
        wish: ChartWish = {
            "channel": name, "instrument": instrument, "timeframe": channel.timeframe,
            "indicators": list(channel.indicators), "fresh": True,
        }  # fmt: skip
        self._hub.charts.want(wish, self.socket)

    async def _watch_stream(self, name: str, after: int | None) -> None:
        key = self._key(name)
        stream = await self._hub.stream(key, name, self._group(name))
        try:
            await stream_show(self._hub, self._sources, stream, self.socket, after)
        except VeloxError:
            self._hub.unwatch(key, self.socket)
            raise

    def _key(self, name: str) -> str:
        """`runs`, `alerts` and `status` mean another stream for every user: what each may see of them differs."""
        return f"{name}:{self._user.pk}" if name in {"runs", "alerts", "status"} else name

    def _group(self, name: str) -> str:
        channel = parse_channel(name)
        if isinstance(channel, AccountChannel):
            return account_group(channel.account_id)
        return {"runs": runs_group, "alerts": alerts_group}[name](self._user.pk) if name != "status" else STATUS_GROUP

    # --- answers

    def _say(self, message: dict[str, Any]) -> None:
        self.socket.push(pack(_encode(message)))
        self._hub.touch(self.socket)

    def _complain(self, error: VeloxError, name: int | str | None, channel: str | None = None) -> None:
        facts: dict[str, Any] = {"t": "error", "code": error.code, "message": error.message, "id": name}
        facts |= {fact: error.facts[fact] for fact in ("field", "limit", "most") if fact in error.facts}
        if channel is not None:
            facts["ch"] = channel
        self._say(facts)
        now = time.monotonic()
        self._errors = [at for at in self._errors if now - at < ERRORS_S] + [now]
        if len(self._errors) >= MAX_ERRORS:
            self.socket.flush()
            self.socket.end(TOO_MANY_ERRORS, f"{MAX_ERRORS} wishes in a minute could not be met")


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
