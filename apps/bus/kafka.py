"""The bus over Kafka: what the memory bus promises, kept by brokers and shared by any number of processes."""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import kafka.record.util
from kafka.errors import KafkaError, KafkaTimeoutError

from apps.bus.kafka_admin import KafkaAdmin
from apps.bus.kafka_member import KafkaMember
from apps.bus.kafka_reader import Reader
from apps.bus.kafka_sender import Sender
from apps.bus.topics import TOPICS, Topic, partition_of
from apps.domain.errors import BrokerUnavailable, Misconfigured
from apps.domain.ports import Message

log = logging.getLogger("velox.bus")

SEEN_BYTES: Final = 32 << 20
LAST_COMMIT_S: Final = 10.0


class KafkaBus:
    """BusPort over Kafka. Safe to use from any number of threads.

    `bootstrap`: "host:port,host:port". `prefix` goes before every topic and group, so that several
    installations (or tests) can share brokers. `security`: further settings of kafka-python's clients.
    Creates the topics that are missing. Raises Misconfigured where that cannot work, BrokerUnavailable
    where nobody answers.
    """

    def __init__(
        self,
        bootstrap: str,
        topics: Iterable[Topic] = TOPICS,
        *,
        prefix: str = "",
        replicas: int = 3,
        security: Mapping[str, Any] | None = None,
    ) -> None:
        require_compiled_checksum()
        self._topics = {topic.name: topic for topic in topics}
        self._prefix = prefix
        self._connection = {"bootstrap_servers": bootstrap.split(","), "client_id": "velox", **(security or {})}
        self.arrived = threading.Condition()  # messages came, or who waits should look around
        self._due: dict[KafkaMember, int] = {}  # who asked for a commit -> what has to be on its topic before
        self._due_changed = threading.Condition()
        self._members: list[KafkaMember] = []
        self._tapes: set[str] = set()  # topics somebody reads by place
        self._kept: OrderedDict[tuple[str, int, int], bytes] = OrderedDict()
        self._kept_bytes = 0
        self._closed = False
        try:
            self.admin = KafkaAdmin(self._connection, self._topics, prefix)
            self.admin.create_missing(replicas)
            self._sender = Sender(self._connection, self._topics, prefix)
            self._reader = Reader(self._connection, prefix)
        except KafkaError as error:
            raise BrokerUnavailable(f"no Kafka broker answers at {bootstrap}: {error}") from error
        threading.Thread(target=self._commit_what_is_due, name="velox-bus-commits", daemon=True).start()

    # --- BusPort

    def publish(self, topic: str, key: int, payload: bytes, timeout_s: float | None = None) -> int:
        """Append, wait until two brokers have it, and return the offset.

        Raises BrokerUnavailable: no room or no acknowledgement within `timeout_s`. Publishing again is safe
        only because readers know what they have already seen.
        """
        future = self._sender.post(topic, self.partition_of(topic, key), key, payload, timeout_s)
        try:
            return int(future.get(timeout=timeout_s).offset)
        except KafkaTimeoutError as error:
            raise BrokerUnavailable(f"{topic}: not acknowledged within {timeout_s} s", topic=topic) from error
        except KafkaError as error:
            raise BrokerUnavailable(f"{topic}: the brokers refused a message: {error}", topic=topic) from error

    def post(self, topic: str, key: int, payload: bytes, timeout_s: float | None = None) -> None:
        """Take the message and go on: it is sent behind all that was taken before. `flush()` or commit() waits."""
        self._sender.post(topic, self.partition_of(topic, key), key, payload, timeout_s)

    def flush(self, timeout_s: float | None = None) -> None:
        """Wait until all that was posted so far is on its topic. Raises BrokerUnavailable when it is not."""
        self._sender.flush(timeout_s)

    def has_room(self, topic: str) -> bool:
        """Whether the topic would take a message at once: its unacknowledged bytes are below its capacity."""
        self._topic(topic)
        return self._sender.has_room(topic)

    def partitions(self, topic: str) -> int:
        return self._topic(topic).partitions

    def partition_of(self, topic: str, key: int) -> int:
        return partition_of(key, self._topic(topic).partitions)

    def consumer(self, group: str, topics: Sequence[str]) -> KafkaMember:
        """A new member, already part of its group. A group that is new starts at the oldest message kept."""
        for topic in topics:
            self._topic(topic)
        try:
            member = KafkaMember(self, self._connection, group, topics, self._prefix)
        except KafkaError as error:
            raise BrokerUnavailable(f"cannot join the group {group}: {error}") from error
        self._members.append(member)
        return member

    def read(self, topic: str, partition: int, offset: int) -> bytes:
        """One kept message by its place: from what this process saw lately, or from the brokers.

        Raises NotFound when it is no longer, or not yet, there.
        """
        self._topic(topic)
        self._tapes.add(topic)
        with self.arrived:
            kept = self._kept.get((topic, partition, offset))
        if kept is not None:
            return kept
        found = self._reader.read(topic, partition, offset)
        with self.arrived:
            self._keep(found)
        return found[0].payload

    def close(self) -> None:
        """Send what was taken, leave the groups, hang up."""
        with self._due_changed:
            if self._closed:
                return
            self._closed = True
            self._due_changed.notify_all()
        for member in self._members:
            member.close()
        self._sender.close()
        self._reader.close()
        self.admin.close()
        self.wake()

    # --- for a thread that serves many consumers

    def wait_any(self, consumers: Sequence[KafkaMember], timeout_s: float) -> bool:
        """Sleep until one of these has something to poll: True; False after `timeout_s`, `wake()` or close."""
        with self.arrived:
            if not any(consumer.has_waiting for consumer in consumers) and not self._closed:
                self.arrived.wait(timeout_s)
            return any(consumer.has_waiting for consumer in consumers)

    def wake(self) -> None:
        """Let every thread that sleeps in poll() or wait_any() look around."""
        with self.arrived:
            self.arrived.notify_all()

    def report(self) -> dict[str, dict[str, Any]]:
        """For people: by topic, messages kept, bytes on their way, under-replicated partitions, lag of each group."""
        report = self.admin.report()
        for name, row in report.items():
            row["bytes"] = self._sender.bytes_under_way(name)
        return report

    # --- for members

    def seen(self, messages: Iterable[Message]) -> None:
        """Messages just fetched (the condition is held): those of a tape are remembered for `read`."""
        if self._tapes:
            self._keep([message for message in messages if message.topic in self._tapes])

    def commit_soon(self, member: KafkaMember) -> None:
        """Tell the brokers this member's place once all that was posted before this call is on its topic.

        Raises BrokerUnavailable when messages were lost: the process then has to start afresh from its last commit.
        """
        self._sender.check()
        with self._due_changed:
            self._due[member] = self._sender.sequence
            self._due_changed.notify_all()

    def commit_now(self, member: KafkaMember) -> None:
        """The same, waited for; where it cannot be done that is logged, and the messages come again."""
        deadline = time.monotonic() + LAST_COMMIT_S
        while True:
            with self._due_changed:
                self._due.pop(member, None)
            try:
                self._sender.flush(timeout_s=max(0.0, deadline - time.monotonic()))
                member.tell_brokers()
                return
            except BrokerUnavailable as error:  # usual while a group changes hands, and over in a moment
                if self._sender.is_broken or time.monotonic() > deadline:
                    log.warning("left without a last commit: %s", error)
                    return
                time.sleep(0.02)

    def _commit_what_is_due(self) -> None:
        """The committing thread: one round trip at a time, so that commits asked for meanwhile go together."""
        while True:
            with self._due_changed:
                while not self._due and not self._closed:
                    self._due_changed.wait()
                if self._closed:
                    return
                due, self._due = self._due, {}
            for member, barrier in due.items():
                try:
                    self._sender.flush(barrier=barrier)
                    member.tell_brokers()
                except BrokerUnavailable as error:
                    if self._sender.is_broken:
                        log.critical("nothing is committed any more: %s", error)
                        return
                    log.info("a commit is tried again: %s", error)  # usual while a group changes hands
                    with self._due_changed:
                        if not member.is_closing:
                            self._due.setdefault(member, barrier)
                    time.sleep(0.02)

    def _keep(self, messages: Iterable[Message]) -> None:
        for message in messages:
            self._kept[(message.topic, message.partition, message.offset)] = message.payload
            self._kept_bytes += len(message.payload)
        while self._kept_bytes > SEEN_BYTES:
            self._kept_bytes -= len(self._kept.popitem(last=False)[1])

    def _topic(self, name: str) -> Topic:
        try:
            return self._topics[name]
        except KeyError:
            raise Misconfigured(f"no topic is called {name!r}; apps/bus/topics.py lists them") from None


def require_compiled_checksum() -> None:
    """Raise Misconfigured where kafka-python would compute CRC-32C in Python: frames then travel eight times slower."""
    if kafka.record.util._crc32c is not kafka.record.util.crc32c_c or kafka.record.util.crc32c_c is None:
        raise Misconfigured("kafka-python computes checksums in Python: install the package crc32c")
