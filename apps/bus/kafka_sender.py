"""What leaves for Kafka: taken at once, sent in order, counted until the brokers have it."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Final

from kafka import KafkaProducer
from kafka.errors import KafkaError

from apps.bus.kafka_record import KEY
from apps.bus.topics import Topic
from apps.domain.errors import BrokerUnavailable

ACKNOWLEDGED_S: Final = 600.0  # an outage shorter than this is waited out


class Sender:
    """One producer with a limit on what may be under way for each topic.

    Idempotent with acks=all: whatever the connection does, each message is on the topic once and in order.
    If messages are lost all the same (the brokers were away for ten minutes), the sender is broken for good:
    every later call says so, nothing that depends on them is committed, and the process starts afresh.
    """

    def __init__(self, connection: Mapping[str, Any], topics: Mapping[str, Topic], prefix: str) -> None:
        self._producer = KafkaProducer(
            **connection,
            acks="all",
            enable_idempotence=True,
            linger_ms=0,
            batch_size=1 << 20,
            max_request_size=4 << 20,
            max_block_ms=10_000,
            request_timeout_ms=10_000,
            delivery_timeout_ms=int(ACKNOWLEDGED_S * 1000),
            reconnect_backoff_max_ms=1000,
            allow_auto_create_topics=False,
            metrics_enabled=False,
        )
        self._topics, self._prefix = topics, prefix
        self._changed = threading.Condition()
        self._under_way: dict[int, None] = {}  # sequence numbers, oldest first
        self._bytes: defaultdict[str, int] = defaultdict(int)  # of each topic, taken and not acknowledged
        self._last = 0
        self._waiters = 0
        self._lost: BaseException | None = None
        self._closed = False

    def has_room(self, topic: str) -> bool:
        return self._bytes[topic] < self._topics[topic].capacity

    def bytes_under_way(self, topic: str) -> int:
        return self._bytes[topic]

    def post(self, topic: str, partition: int, key: int, payload: bytes, timeout_s: float | None) -> Any:
        """Take the message and give its kafka future. Raises BrokerUnavailable: no room in time, closed or broken."""
        size = len(payload)
        with self._changed:
            if self._closed or self._lost or not self.has_room(topic):
                self._wait_for_room(topic, timeout_s)
            self._last = sequence = self._last + 1
            self._under_way[sequence] = None
            self._bytes[topic] += size
        try:
            future = self._producer.send(self._prefix + topic, payload, KEY.pack(key), partition=partition)
        except KafkaError as error:
            self._settle(sequence, topic, size, None)  # it was never taken
            raise BrokerUnavailable(f"the brokers did not take a message for {topic}: {error}", topic=topic) from error
        future.add_callback(lambda _: self._settle(sequence, topic, size, None))
        future.add_errback(lambda error: self._settle(sequence, topic, size, error))
        return future

    @property
    def is_broken(self) -> bool:
        """Messages were lost: nothing is taken any more."""
        return self._lost is not None

    @property
    def sequence(self) -> int:
        """How many messages were taken so far: the barrier to give to `reached` and `flush`."""
        return self._last

    def reached(self, barrier: int) -> bool:
        """Everything taken up to `barrier` is on its topic. Raises BrokerUnavailable when some of it was lost."""
        with self._changed:
            return self._reached(barrier)

    def flush(self, timeout_s: float | None = None, barrier: int | None = None) -> None:
        """Wait until all taken so far is on its topic. Raises BrokerUnavailable: lost, or not within `timeout_s`."""
        barrier = self._last if barrier is None else barrier
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        with self._changed:
            while not self._reached(barrier):
                self._sleep(deadline, f"{len(self._under_way)} messages are not acknowledged yet")

    def close(self, timeout_s: float = 10.0) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._producer.close(timeout=timeout_s)

    def _reached(self, barrier: int) -> bool:
        if self._lost is not None:
            raise BrokerUnavailable(f"the bus lost messages and stopped: {self._lost}") from self._lost
        oldest = next(iter(self._under_way), None)
        return oldest is None or oldest > barrier

    def _settle(self, sequence: int, topic: str, size: int, error: BaseException | None) -> None:
        with self._changed:
            self._under_way.pop(sequence, None)
            self._bytes[topic] -= size
            self._lost = self._lost or error
            if self._waiters:
                self._changed.notify_all()

    def _wait_for_room(self, topic: str, timeout_s: float | None) -> None:
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        while True:
            if self._closed:
                raise BrokerUnavailable("the bus is closed", topic=topic)
            if self._lost is not None:
                raise BrokerUnavailable(f"the bus lost messages and stopped: {self._lost}") from self._lost
            if self.has_room(topic):
                return
            self._sleep(deadline, f"{topic} is full: the brokers are {self._bytes[topic]} bytes behind")

    def _sleep(self, deadline: float | None, why: str) -> None:
        left = None if deadline is None else deadline - time.monotonic()
        if left is not None and left <= 0:
            raise BrokerUnavailable(why)
        self._waiters += 1
        try:
            self._changed.wait(left)
        finally:
            self._waiters -= 1
