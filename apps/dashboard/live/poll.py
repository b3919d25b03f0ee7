"""What nobody announces is looked at: equity, runs, the kill switch, every second and only while watched."""

from __future__ import annotations

import asyncio
import logging
from typing import Final

import msgspec

from apps.dashboard.live.hub import Hub
from apps.dashboard.live.snapshots import stream_show
from apps.dashboard.live.sources import Sources
from apps.dashboard.live.streams import Stream
from apps.domain.errors import NotFound, VeloxError

log = logging.getLogger(__name__)
POLL_S: Final = 1.0


class Poller:
    """Reads each watched stream once however many watch it, and tells only what is new."""

    def __init__(self, hub: Hub, sources: Sources, *, poll_s: float = POLL_S) -> None:
        self._hub, self._sources, self._poll_s = hub, sources, poll_s
        self._told: dict[Stream, dict[str, bytes]] = {}
        hub.on_lost = self.tell_anew

    def start(self) -> None:
        self._hub.spawn(self._run())

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self._poll_s)
            for stream in [each for each in self._hub.streams.values() if each.sockets]:
                try:
                    await self.look(stream)
                except Exception:
                    log.exception("a live channel could not be read", extra={"channel": stream.name})
            gone = self._told.keys() - set(self._hub.streams.values())
            for stream in gone:
                del self._told[stream]

    async def look(self, stream: Stream) -> None:
        """Read one stream in the name of one of its watchers (who all may see the same)."""
        watcher = next(iter(stream.sockets))
        told, now = self._told.get(stream, {}), {}
        try:
            readings = await self._sources.readings(watcher.user, stream.name)
        except NotFound as error:  # no longer theirs; the next look is in another watcher's name
            self._hub.turn_away(stream, watcher, error)
            return
        for reading in readings:
            body = now[reading.key] = msgspec.json.encode(reading.body)
            if told.get(reading.key) != body:
                self._hub.tell(stream, reading.kind, body)
        self._told[stream] = now

    async def tell_anew(self, stream: Stream) -> None:
        """Something was lost on the way here: every watcher gets the state as it stands now."""
        for socket in list(stream.sockets):
            try:
                await stream_show(self._hub, self._sources, stream, socket)
            except VeloxError as error:
                self._hub.turn_away(stream, socket, error)  # no longer theirs
