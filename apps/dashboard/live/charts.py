"""Charts that sockets of this process watch. The broadcast stage computes them; here they are only handed on."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec

from apps.common.live import ChartMessage, ChartWish
from apps.dashboard.live.socket import Socket
from apps.dashboard.live.streams import first_seq
from apps.dashboard.live.wire import pack

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Chart:
    """`waiting`: have asked and not yet been given the whole chart. `seq` counts messages in which a candle closed;
    `heard`: the sender and its count of them, by which a lost one is noticed."""

    wish: ChartWish
    sockets: set[Socket] = field(default_factory=set)
    waiting: set[Socket] = field(default_factory=set)
    seq: int = field(default_factory=first_seq)
    heard: tuple[str, int] | None = None


class ChartRoom:
    """`changed` is called when the stage has to hear of another wish."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self._charts: dict[str, Chart] = {}
        self._changed = changed

    def want(self, wish: ChartWish, socket: Socket) -> None:
        chart = self._charts.setdefault(wish["channel"], Chart(wish))
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

    def wishes(self) -> list[ChartWish]:
        """Every chart watched here, `fresh` where somebody waits for the whole of it."""
        return [{**chart.wish, "fresh": bool(chart.waiting)} for chart in self._charts.values()]

    def take(self, message: ChartMessage) -> set[Socket]:
        """Hand on what the stage sent; returns the sockets that now have something queued."""
        chart = self._charts.get(message["channel"])
        if chart is None:
            return set()
        complete = self._hear(chart, message)
        if message["kind"] != "chart":
            return self._begin(chart, message)
        if not complete:
            self._begin_anew(chart)
            return set()
        chart.seq += message["final"]
        packet = _packet(chart, message)
        if not message["final"]:
            for socket in chart.sockets:
                socket.offer_chart(message["channel"], packet)
            return set()
        for socket in chart.sockets:
            socket.forget(message["channel"])  # an older forming candle must not follow its own close
            socket.push(packet)
        return chart.sockets

    @staticmethod
    def _hear(chart: Chart, message: ChartMessage) -> bool:
        """False where a closed candle was lost on the way here, or the stage is another one than before.

        Whoever follows the chart then waits for the whole of it, which may be this very message.
        """
        by, n = message["by"], message["n"]
        closed = message["kind"] == "chart" and message["final"]
        complete = not chart.sockets or chart.heard == (by, n - closed)
        chart.heard = (by, n)
        if not complete:
            chart.waiting |= chart.sockets
        return complete

    def _begin_anew(self, chart: Chart) -> None:
        log.warning("a closed candle was lost on the way here", extra={"channel": chart.wish["channel"]})
        for socket in chart.sockets:
            socket.forget(chart.wish["channel"])
        chart.sockets = set()
        self._changed()

    def _begin(self, chart: Chart, message: ChartMessage) -> set[Socket]:
        begun, chart.waiting = chart.waiting, set()
        packet = _packet(chart, message)
        for socket in begun:
            socket.push(packet)
        if message["kind"] == "snapshot":
            chart.sockets |= begun
        elif not chart.sockets:  # an error: there is no such chart to follow
            del self._charts[message["channel"]]
        return begun


def _packet(chart: Chart, message: ChartMessage) -> bytes:
    name = message["channel"]
    kind = "candles" if message["kind"] == "chart" and name.startswith("candles:") else message["kind"]
    facts = (kind.encode(), msgspec.json.encode(name), chart.seq, message["body"])
    return pack(b'{"t":"%s","ch":%s,"seq":%d,"d":%s}' % facts)
