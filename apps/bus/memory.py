"""The bus inside one process: the partitions, offsets, groups and back-pressure of the big one, and no server.

One lock guards everything; it is held for about a microsecond at a time. A partition is a list of messages
with a moving start. A group holds one cursor for each partition: where it reads, and what it has committed.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Sequence
from typing import Any

from apps.bus.memory_log import Cursor, Group, Partition
from apps.bus.topics import TOPICS, Topic, partition_of
from apps.domain import frames
from apps.domain.errors import BadData, BrokerUnavailable, Misconfigured
from apps.domain.frames import TickArray
from apps.domain.ports import BusPort, Message


class MemoryBus:
    """BusPort in memory. Safe to use from any number of threads; nothing survives the process.

    A partition takes no more than its topic's `capacity` beyond what its slowest group has committed: publish
    then waits, unless the waiting thread is itself the one that serves that group (it would wait for ever).
    A group stands where it committed even while it has no member, so that a restarted worker misses nothing.
    """

    def __init__(self, topics: Iterable[Topic] = TOPICS) -> None:
        self._lock = threading.Lock()
        self._arrived = threading.Condition(self._lock)
        self._freed = threading.Condition(self._lock)
        self._readers = self._writers = 0  # threads asleep on the two conditions
        self._closed = False
        self._topics = {
            topic.name: [Partition(topic, number) for number in range(topic.partitions)] for topic in topics
        }
        self._groups: dict[str, Group] = {}

    def publish(self, topic: str, key: int, payload: bytes, timeout_s: float | None = None) -> int:
        """Append and return the offset. Raises BrokerUnavailable: no room within `timeout_s`, or the bus is closed."""
        partitions = self._partitions_of(topic)
        partition = partitions[partition_of(key, len(partitions))]
        with self._lock:
            if self._closed or partition.is_full:
                self._wait_for_room(partition, timeout_s)
            offset = partition.append(key, payload, time.time_ns())
            if self._readers:
                self._arrived.notify_all()
        return offset

    def post(self, topic: str, key: int, payload: bytes, timeout_s: float | None = None) -> None:
        """Append, as publish does: in memory a message has arrived at once."""
        self.publish(topic, key, payload, timeout_s)

    def flush(self, timeout_s: float | None = None) -> None:
        """Nothing is ever under way here."""

    def has_room(self, topic: str) -> bool:
        """Whether every partition of the topic would take a message at once."""
        return not any(partition.is_full for partition in self._partitions_of(topic))

    def partitions(self, topic: str) -> int:
        return len(self._partitions_of(topic))

    def consumer(self, group: str, topics: Sequence[str]) -> MemoryConsumer:
        """A new member. A group that is new to a topic starts at the oldest message still kept."""
        wanted = [partition for topic in topics for partition in self._partitions_of(topic)]
        with self._lock:
            joined = self._groups.setdefault(group, Group(group))
            member = MemoryConsumer(self, joined, frozenset(topics))
            joined.join(member, wanted)
        return member

    def read(self, topic: str, partition: int, offset: int) -> bytes:
        """One kept message by its place. Raises NotFound when it is no longer, or not yet, there."""
        partitions = self._partitions_of(topic)
        with self._lock:
            return partitions[partition].at(offset).payload

    def wait_any(self, consumers: Sequence[MemoryConsumer], timeout_s: float) -> bool:
        """Sleep until one of these has something to poll: True; False after `timeout_s`, `wake()` or close."""
        with self._lock:
            if any(consumer.has_waiting for consumer in consumers):
                return True
            self._sleep_for_message(timeout_s)
            return any(consumer.has_waiting for consumer in consumers)

    def wake(self) -> None:
        """Let every thread that sleeps in poll() or wait_any() look around."""
        with self._lock:
            self._arrived.notify_all()

    def report(self) -> dict[str, dict[str, Any]]:
        """For people: by topic, messages ever published, bytes kept, and how many each group has yet to commit."""
        with self._lock:
            return {
                name: {
                    "messages": sum(partition.end for partition in partitions),
                    "bytes": sum(partition.kept_bytes for partition in partitions),
                    "lag": {
                        group.name: sum(cursor.lag for cursor in group.cursors if cursor.partition in partitions)
                        for group in self._groups.values()
                        if any(cursor.partition in partitions for cursor in group.cursors)
                    },
                }
                for name, partitions in self._topics.items()
            }

    def close(self) -> None:
        """End it: who waits for a message gets none, who waits to publish gets BrokerUnavailable."""
        with self._lock:
            self._closed = True
            self._arrived.notify_all()
            self._freed.notify_all()

    def _partitions_of(self, topic: str) -> list[Partition]:
        try:
            return self._topics[topic]
        except KeyError:
            raise Misconfigured(f"no topic is called {topic!r}; apps/bus/topics.py lists them") from None

    def _wait_for_room(self, partition: Partition, timeout_s: float | None) -> None:
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        while not self._closed and partition.is_full:
            left = None if deadline is None else deadline - time.monotonic()
            if left is None and partition.is_served_by(threading.get_ident()):
                return
            if left is not None and left <= 0:
                raise BrokerUnavailable(
                    f"{partition.topic.name} is full: its slowest reader is {partition.unread_bytes} bytes behind",
                    topic=partition.topic.name,
                    partition=partition.number,
                )
            self._writers += 1
            try:
                self._freed.wait(left)
            finally:
                self._writers -= 1
        if self._closed:
            raise BrokerUnavailable("the bus is closed", topic=partition.topic.name)

    def _sleep_for_message(self, timeout_s: float) -> None:
        """One sleep, woken by the next message on any topic. The lock is held by the caller."""
        if self._closed or timeout_s <= 0:
            return
        self._readers += 1
        try:
            self._arrived.wait(timeout_s)
        finally:
            self._readers -= 1


class MemoryConsumer:
    """One member of a group. Partition p of every topic goes to the same member, so that keys stay together.

    When members come or go, a partition changes hands only once its owner has committed what it took: nothing
    is handed out twice but what a member took and never committed before it closed.
    """

    def __init__(self, bus: MemoryBus, group: Group, topics: frozenset[str]) -> None:
        self.topics = topics
        self.cursors: list[Cursor] = []  # set by the group
        self.thread = 0  # whoever polled last
        self._bus, self._group = bus, group
        self._turn = 0
        self._taken: list[Cursor] = []

    def poll(self, timeout_s: float = 0.0, limit: int = 64) -> list[Message]:
        """The next messages, at most `limit`, in order within a partition; waits up to `timeout_s` for the first."""
        bus = self._bus
        with bus._lock:
            self.thread = threading.get_ident()
            found = self._take(limit)
            if found or timeout_s <= 0:
                return found
            deadline = time.monotonic() + timeout_s
            while not found and self in self._group.members and not bus._closed:
                left = deadline - time.monotonic()
                if left <= 0:
                    break
                bus._sleep_for_message(left)
                found = self._take(limit)
            return found

    def commit(self) -> None:
        """All that poll() has returned so far has had its effect."""
        bus = self._bus
        with bus._lock:
            for cursor in self._taken:
                cursor.commit()
            self._taken.clear()
            self._group.settle()
            if bus._writers:
                bus._freed.notify_all()
            if bus._readers and not self._group.is_settled:
                bus._arrived.notify_all()

    def lag(self) -> int:
        """Messages of this member's partitions that are not committed yet."""
        with self._bus._lock:
            return sum(cursor.lag for cursor in self.cursors)

    def close(self) -> None:
        """Leave. What was taken and not committed goes to another member, or to the next that joins."""
        bus = self._bus
        with bus._lock:
            for cursor in self._taken:
                cursor.rewind()
            self._taken.clear()
            self._group.leave(self)
            bus._arrived.notify_all()

    @property
    def has_waiting(self) -> bool:
        return any(cursor.position < cursor.partition.end for cursor in self.cursors)

    def _take(self, limit: int) -> list[Message]:
        """Up to `limit` messages, starting one partition further each time so that none is starved."""
        cursors = self.cursors
        count = len(cursors)
        found: list[Message] = []
        for step in range(count):
            cursor = cursors[(self._turn + step) % count]
            if cursor.position < cursor.partition.end:
                if cursor.position == cursor.committed:
                    self._taken.append(cursor)
                found += cursor.take(limit - len(found))
                if len(found) >= limit:
                    self._turn = (self._turn + step + 1) % count
                    break
        return found


class BusTape:
    """TapePort over a bus: tick frames by their place. The few last read stay decoded; a frame never changes."""

    def __init__(self, bus: BusPort, topic: str = "velox.ticks", remember: int = 256) -> None:
        self._bus, self._topic, self._remember = bus, topic, remember
        self._frames: dict[tuple[int, int], TickArray] = {}

    def frame(self, partition: int, offset: int) -> TickArray:
        """The ticks at this place. Raises NotFound when the bus has let go of them, BadData when they are no ticks."""
        place = (partition, offset)
        rows = self._frames.get(place)
        if rows is None:
            kind, rows, _ = frames.decode(self._bus.read(self._topic, partition, offset))
            if kind != frames.TICKS:
                raise BadData(f"no tick frame at offset {offset} of {self._topic}", partition=partition, offset=offset)
            if len(self._frames) >= self._remember:
                del self._frames[next(iter(self._frames))]
            self._frames[place] = rows
        return rows
