"""One client's conversation: its wishes carried out, its errors told, its channels kept apart from other people's."""

from __future__ import annotations

import time
from typing import Any, Final

import msgspec

from apps.common.live import STATUS_GROUP, ChartWish, account_group, runs_group
from apps.dashboard.live.hub import Hub
from apps.dashboard.live.protocol import (
    MAX_CHANNELS,
    MAX_CHARTS,
    AccountChannel,
    ChartChannel,
    PricesChannel,
    Wish,
    parse_channel,
    parse_wish,
)
from apps.dashboard.live.snapshots import stream_show
from apps.dashboard.live.socket import Socket
from apps.dashboard.live.sources import Sources
from apps.dashboard.live.wire import Wire, pack
from apps.domain.errors import BadInput, VeloxError

PROTOCOL: Final = 1
MAX_ERRORS: Final = 10  # within ERRORS_S
ERRORS_S: Final = 60.0
TOO_MANY_ERRORS: Final = 4400
_encode = msgspec.json.encode


class Session:
    """Wishes of one socket are carried out one after the other, so that answers come in the order of asking."""

    def __init__(self, hub: Hub, sources: Sources, wire: Wire, user: Any) -> None:
        self.socket = Socket(wire, user, hub.board.packet)
        self._hub, self._sources, self._user = hub, sources, user
        self._prices: dict[str, frozenset[int]] = {}
        self._errors: list[float] = []
        hub.sockets.add(self.socket)

    def greet(self) -> None:
        self._say({"t": "hello", "v": PROTOCOL, "now_ms": _now_ms(), "user": self._user.get_username()})

    def leave(self) -> None:
        self._hub.leave(self.socket)

    async def hear(self, text: str | bytes | None) -> None:
        """Carry out one message; whatever is wrong with it is answered, and too much of that ends the session."""
        name = None
        try:
            wish = parse_wish(text)
            name = wish.id
            await self._do(wish)
        except VeloxError as error:
            self._complain(error, error.facts.get("id", name))

    async def _do(self, wish: Wish) -> None:
        if wish.op == "ping":
            self._say({"t": "pong", "id": wish.id, "now_ms": _now_ms()})
            return
        done = []
        for name in wish.channels:
            try:
                if wish.op == "unsubscribe":
                    self._unsubscribe(name)
                else:
                    await self._subscribe(name, wish.after if wish.op == "resume" else None, wish.id)
                done.append(name)
            except VeloxError as error:  # one bad channel does not keep the others from working
                self._complain(error, wish.id, name)
        if done:
            self._say({"t": "ok", "id": wish.id, "op": wish.op, "channels": done})

    # --- channels

    async def _subscribe(self, name: str, after: int | None, asked: int | str | None) -> None:
        channel = parse_channel(name)
        if name not in self.socket.channels and len(self.socket.channels) >= MAX_CHANNELS:
            raise BadInput(f"a socket watches at most {MAX_CHANNELS} channels; leave one first", field="channels")
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
        charts = sum(each.startswith("chart:") for each in self.socket.channels - {name})
        if charts >= MAX_CHARTS:
            raise BadInput(f"a socket watches at most {MAX_CHARTS} charts; leave one first", field="channels")
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
        """`runs` and `status` mean another stream for every user: what each may see of them differs."""
        return f"{name}:{self._user.pk}" if name in {"runs", "status"} else name

    def _group(self, name: str) -> str:
        channel = parse_channel(name)
        if isinstance(channel, AccountChannel):
            return account_group(channel.account_id)
        return runs_group(self._user.pk) if name == "runs" else STATUS_GROUP

    # --- answers

    def _say(self, message: dict[str, Any]) -> None:
        self.socket.push(pack(_encode(message)))
        self._hub.touch(self.socket)

    def _complain(self, error: VeloxError, name: int | str | None, channel: str | None = None) -> None:
        facts: dict[str, Any] = {"t": "error", "code": error.code, "message": error.message, "id": name}
        if "field" in error.facts:
            facts["field"] = error.facts["field"]
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
