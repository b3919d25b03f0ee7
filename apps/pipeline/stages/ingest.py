"""ingest: a feed's ticks → the bus, cut by partition, never dropping one."""

from __future__ import annotations

import logging
import threading
import time

import numpy as np

from apps.bus.topics import partition_of
from apps.domain.frames import TICKS, TickArray, encode
from apps.domain.ports import BusPort, FeedPort
from apps.pipeline import flow

log = logging.getLogger("velox.ingest")


class Ingest:
    """One feed on a thread of its own. A full bus makes it wait; `stop` ends it after the frame under way."""

    name = "ingest"

    def __init__(self, bus: BusPort, feed: FeedPort) -> None:
        self._bus, self.feed = bus, feed
        self._partitions = bus.partitions(flow.TICKS)
        self._thread = threading.Thread(target=self._run, name=f"feed-{feed.name}", daemon=True)
        self._is_paced = getattr(feed, "speed", 1.0) != 0.0
        self.ticks = 0
        self.error = ""
        self.done = threading.Event()

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout_s: float = 5.0) -> bool:
        """Ask the feed to end and wait for it; True when it has."""
        self.feed.stop()
        if self._thread.is_alive():
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def as_dict(self) -> dict[str, object]:
        """For status pages. `kind`: synthetic or replay; `source`: where the prices come from; `rows`: what became of
        a recording's."""
        told = {name: getattr(self.feed, name, "") for name in ("name", "kind", "source", "speed")}
        rows = "; ".join(self._report())
        return {**told, "ticks": self.ticks, "rows": rows, "error": self.error, "done": self.done.is_set()}

    def _report(self) -> list[str]:
        report = getattr(self.feed, "report", None)
        return report.lines() if report is not None else []

    def pour(self, ticks: TickArray) -> None:
        """Publish one frame, one message a partition, rows in their order."""
        if self._partitions == 1:
            self._bus.post(flow.TICKS, 0, encode(TICKS, ticks))
        else:
            where = partition_of_all(ticks, self._partitions)
            for partition in np.unique(where).tolist():
                self._bus.post(flow.TICKS, partition, encode(TICKS, ticks[where == partition]))
        self.ticks += len(ticks)

    def _run(self) -> None:
        for line in self._report():
            log.info(line)
        try:
            for ticks in self.feed.frames():
                self.pour(ticks if self._is_paced else seen_now(ticks))
        except Exception as error:
            self.error = str(error)
            log.exception("feed %s ended with an error", self.feed.name)
        finally:
            self.done.set()


def seen_now(ticks: TickArray) -> TickArray:
    """A recording played without pauses says it was seen when it happened; here it reaches us now."""
    seen = ticks.copy()
    seen["seen_ns"] = time.time_ns()
    return seen


def partition_of_all(ticks: TickArray, partitions: int) -> np.ndarray:
    """Partition of each row; the same rule as the bus has for keys."""
    return partition_of(ticks["instrument"], partitions)  # type: ignore[return-value, arg-type]
