"""Charts that sockets of this process watch. The broadcast stage computes them; here they are only handed on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from apps.dashboard.live.socket import Socket
from apps.dashboard.live.wire import pack


@dataclass(slots=True)
class Chart:
    """`waiting`: have asked and not yet been given the whole chart."""

    sockets: set[Socket] = field(default_factory=set)
    waiting: set[Socket] = field(default_factory=set)


class ChartRoom:
    """`changed` is called when the stage has to hear of another wish."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self._charts: dict[str, Chart] = {}
        self._changed = changed

    def want(self, name: str, socket: Socket) -> None:
        chart = self._charts.setdefault(name, Chart())
        chart.sockets.discard(socket)
        chart.waiting.add(socket)
        self._changed()

    def drop(self, name: str, socket: Socket) -> None:
        chart = self._charts.get(name)
        if chart is None:
            return
        chart.sockets.discard(socket)
        chart.waiting.discard(socket)
        socket.forget(name)
        if not chart.sockets and not chart.waiting:
            del self._charts[name]
            self._changed()

    def leave(self, socket: Socket) -> None:
        for name in list(self._charts):
            self.drop(name, socket)

    def wishes(self) -> tuple[list[str], list[str]]:
        """(every chart watched here, those of which somebody waits for a snapshot)."""
        return list(self._charts), [name for name, chart in self._charts.items() if chart.waiting]

    def take(self, message: dict[str, Any]) -> set[Socket]:
        """Hand on what the stage sent; returns the sockets that now have something queued."""
        chart = self._charts.get(message["channel"])
        if chart is None:
            return set()
        if message["snapshot"]:
            return self._begin(chart, message)
        packet = _packet("chart", message)
        if not message["final"]:
            for socket in chart.sockets:
                socket.offer_chart(message["channel"], packet)
            return set()
        for socket in chart.sockets:
            socket.forget(message["channel"])  # an older forming candle must not follow its own close
            socket.push(packet)
        return chart.sockets

    @staticmethod
    def _begin(chart: Chart, message: dict[str, Any]) -> set[Socket]:
        begun, chart.waiting = chart.waiting, set()
        packet = _packet("snapshot", message)
        for socket in begun:
            socket.push(packet)
        chart.sockets |= begun
        return begun


def _packet(kind: str, message: dict[str, Any]) -> bytes:
    channel = msgspec.json.encode(message["channel"])
    return pack(b'{"t":"%s","ch":%s,"d":%s}' % (kind.encode(), channel, message["body"]))
