"""The broadcast stage's line to the hubs: it may be used from the stage's thread and never makes it wait."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
import uuid
from collections import defaultdict, deque
from collections.abc import Callable
from typing import Any, Final

from channels.layers import InMemoryChannelLayer

from apps.common.live import (
    CHARTS_GROUP,
    HUBS_GROUP,
    PRICES_GROUP,
    STAGE_GROUP,
    ChartWish,
    WatchMessage,
    hub_loop,
)

log = logging.getLogger("velox.broadcast")

MAX_WAITING: Final = 20_000
HUB_SILENT_S: Final = 20.0  # a hub announces itself every 5 s
_BURST: Final = 50

LoopSource = Callable[[], asyncio.AbstractEventLoop | None]


class OwnLoop:
    """An event loop in a thread of its own, begun when first asked for: for processes that serve no sockets."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None

    def __call__(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            threading.Thread(target=self._loop.run_forever, name="velox-live", daemon=True).start()
        return self._loop


def loop_for(layer: Any) -> LoopSource:
    """Groups in memory only work on the sockets' own loop; any other layer is spoken to from a loop of our own."""
    return hub_loop.get if isinstance(layer, InMemoryChannelLayer) else OwnLoop()


class LiveLink:
    """Messages wait here until the loop has sent them. `loop` answers None while nobody can be listening.

    When the loop does not come round, skippable messages are left out first; a lost event shows
    in the sender's count, and the hub takes a new snapshot.
    """

    def __init__(self, layer: Any, loop: LoopSource) -> None:
        self.id = uuid.uuid4().hex[:12]
        self.lost = 0
        self._layer, self._find_loop = layer, loop
        self._loop: asyncio.AbstractEventLoop | None = None
        self._listener: Any = None
        self._waiting: deque[tuple[str, dict[str, Any]]] = deque()
        self._sending = False
        self._lock = threading.Lock()
        self._counts: defaultdict[str, int] = defaultdict(int)
        self._finals: defaultdict[str, int] = defaultdict(int)
        self._hubs: dict[str, tuple[float, list[ChartWish]]] = {}
        self._wants_prices = False

    # --- called by the stage

    def prices(self, rows: bytes) -> None:
        """`rows`: a PRICE array."""
        if len(self._waiting) < MAX_WAITING // 2:
            self._post(PRICES_GROUP, {"type": "live.prices", "rows": rows})

    def chart(self, channel: str, kind: str, body: bytes, *, final: bool) -> None:
        if final and kind == "chart":
            self._finals[channel] += 1
        if final or len(self._waiting) < MAX_WAITING // 2:
            message = {"type": "live.chart", "channel": channel, "kind": kind, "body": body, "final": final}
            self._post(CHARTS_GROUP, {**message, "by": self.id, "n": self._finals[channel]})

    def event(self, group: str, kind: str, body: bytes) -> None:
        """`body`: JSON. Every watcher of the group gets it."""
        self._counts[group] += 1
        message = {"type": "live.event", "group": group, "kind": kind, "body": body}
        self._post(group, {**message, "by": self.id, "n": self._counts[group]})

    def wishes(self) -> list[ChartWish]:
        """Every chart that some hub watches; `fresh` is told once for each time somebody asked."""
        self._attach()
        now = time.monotonic()
        with self._lock:
            self._hubs = {hub: told for hub, told in self._hubs.items() if now - told[0] < HUB_SILENT_S}
            found: dict[str, ChartWish] = {}
            for _, charts in self._hubs.values():
                for wish in charts:
                    before = found.get(wish["channel"])
                    fresh = wish["fresh"] or (before is not None and before["fresh"])
                    found[wish["channel"]] = {**wish, "fresh": fresh}
            self._hubs = {
                hub: (seen, [{**wish, "fresh": False} for wish in charts]) for hub, (seen, charts) in self._hubs.items()
            }
        for gone in self._finals.keys() - found.keys():
            del self._finals[gone]
        return list(found.values())

    def wants_prices(self) -> bool:
        """True once for each time a hub asked for every price there is."""
        with self._lock:
            wanted, self._wants_prices = self._wants_prices, False
        return wanted

    def close(self) -> None:
        if self._loop is not None and self._listener is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._listener.cancel)

    # --- between the threads

    def _post(self, group: str, message: dict[str, Any]) -> None:
        self._attach()
        if self._loop is None:
            return
        with self._lock:
            if len(self._waiting) >= MAX_WAITING:
                self.lost += 1
                return
            self._waiting.append((group, message))
            idle, self._sending = not self._sending, True
        if idle:
            asyncio.run_coroutine_threadsafe(self._send(), self._loop)

    def _attach(self) -> None:
        """Use the loop there is now; a new one is listened on first."""
        loop = self._find_loop()
        if loop is self._loop or (loop is not None and loop.is_closed()):
            return
        self._loop, self._sending = loop, False
        self._waiting.clear()
        if loop is not None:
            self._listener = asyncio.run_coroutine_threadsafe(self._listen(), loop)

    # --- on the loop

    async def _send(self) -> None:
        sent = 0
        while True:
            with self._lock:
                if not self._waiting:
                    self._sending = False
                    return
                group, message = self._waiting.popleft()
            try:
                await self._layer.group_send(group, message)
            except Exception:
                self.lost += 1
                log.exception("the channel layer took no message", extra={"group": group})
            sent += 1
            if sent % _BURST == 0:
                await asyncio.sleep(0)  # let the hub take them before its queue is full

    async def _listen(self) -> None:
        channel = await self._layer.new_channel("live.stage")
        await self._layer.group_add(STAGE_GROUP, channel)
        renew = asyncio.get_running_loop().create_task(self._renew(channel))
        try:
            while True:
                self._heard(await self._layer.receive(channel))
        finally:
            renew.cancel()
            await self._layer.group_discard(STAGE_GROUP, channel)

    async def _renew(self, channel: str) -> None:
        while True:
            await self._layer.group_send(HUBS_GROUP, {"type": "live.hello"})
            await asyncio.sleep(60.0)
            await self._layer.group_add(STAGE_GROUP, channel)  # memberships expire

    def _heard(self, message: WatchMessage) -> None:
        with self._lock:
            before = self._hubs.get(message["hub"])
            asked = {wish["channel"] for wish in before[1] if wish["fresh"]} if before else set()
            charts: list[ChartWish] = [
                {**wish, "fresh": wish["fresh"] or wish["channel"] in asked} for wish in message["charts"]
            ]
            self._hubs[message["hub"]] = (time.monotonic(), charts)
            self._wants_prices |= message["prices"]
