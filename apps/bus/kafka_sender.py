"""What leaves for Kafka: taken at once, sent in order, counted until the brokers have it."""

from __future__ import annotations

import threading
import time
from collections import defaultdict, deque
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from kafka import KafkaProducer
from kafka.errors import KafkaError, KafkaTimeoutError

from apps.bus.kafka_record import KEY
from apps.bus.topics import Topic
from apps.domain.errors import BrokerUnavailable

ACKNOWLEDGED_S: Final = 600.0  # an outage shorter than this is waited out


SWEEP_EVERY: Final = 64  # posts between two looks at what has arrived


class UnderWay(NamedTuple):
    """A message the brokers have not acknowledged, as far as we have looked."""

    sequence: int
    topic: str
    size: int
    future: Any


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
        self._lock = threading.Lock()
        self._under_way: deque[UnderWay] = deque()  # oldest first
        self._bytes: defaultdict[str, int] = defaultdict(int)  # of each topic, under way
        self._last = 0
        self._lost: BaseException | None = None
        self._closed = False

    def has_room(self, topic: str) -> bool:
        """Whether a message for the topic would be taken at once."""
        capacity = self._topics[topic].capacity
        if self._bytes[topic] < capacity:
            return True
        with self._lock:
            self._sweep()
            return self._bytes[topic] < capacity

    def bytes_under_way(self, topic: str) -> int:
        with self._lock:
            self._sweep()
            return self._bytes[topic]

    def post(self, topic: str, partition: int, key: int, payload: bytes, timeout_s: float | None) -> Any:
        """Take the message and give its kafka future. Raises BrokerUnavailable: no room in time, closed or broken."""
        if self._closed or self._lost is not None or not self.has_room(topic):
            self._wait_for_room(topic, timeout_s)
        with self._lock:  # so that the order here is the order sent
            try:
                future = self._producer.send(self._prefix + topic, payload, KEY.pack(key), partition=partition)
            except KafkaError as error:
                raise BrokerUnavailable(f"{topic}: the brokers take no message: {error}", topic=topic) from error
            self._last += 1
            self._under_way.append(UnderWay(self._last, topic, len(payload), future))
            self._bytes[topic] += len(payload)
            if self._last % SWEEP_EVERY == 0:
                self._sweep()
        return future

    @property
    def is_broken(self) -> bool:
        """Messages were lost: nothing is taken any more."""
        return self._lost is not None

    @property
    def sequence(self) -> int:
        """How many messages were taken so far: the barrier to give to `flush`."""
        return self._last

    def check(self) -> None:
        """Raise BrokerUnavailable when messages were lost."""
        with self._lock:
            self._sweep()
        if self._lost is not None:
            raise BrokerUnavailable(f"the bus lost messages and stopped: {self._lost}") from self._lost

    def flush(self, timeout_s: float | None = None, barrier: int | None = None) -> None:
        """Wait until all taken so far is on its topic. Raises BrokerUnavailable: lost, or not within `timeout_s`."""
        barrier = self._last if barrier is None else barrier
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        while True:
            self.check()
            oldest = self._oldest()
            if oldest is None or oldest.sequence > barrier:
                return
            if not _wait(oldest, deadline):
                raise BrokerUnavailable(f"{len(self._under_way)} messages are not acknowledged within {timeout_s} s")

    def close(self, timeout_s: float = 10.0) -> None:
        """Send what was taken, as far as that goes within `timeout_s`."""
        self._closed = True
        self._producer.close(timeout=timeout_s)

    def _oldest(self) -> UnderWay | None:
        with self._lock:
            return self._under_way[0] if self._under_way else None

    def _sweep(self) -> None:
        """Forget what has arrived; the lock is held. A later one that overtook the oldest waits for it here."""
        under_way = self._under_way
        while under_way and under_way[0].future.is_done:
            gone = under_way.popleft()
            self._bytes[gone.topic] -= gone.size
            if gone.future.failed():
                self._lost = self._lost or gone.future.exception

    def _wait_for_room(self, topic: str, timeout_s: float | None) -> None:
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        while True:
            if self._closed:
                raise BrokerUnavailable("the bus is closed", topic=topic)
            self.check()
            oldest = self._oldest()
            if self.has_room(topic) or oldest is None:
                return
            if not _wait(oldest, deadline):
                raise BrokerUnavailable(
                    f"{topic} is full: the brokers are {self._bytes[topic]} bytes behind", topic=topic
                )


def _wait(message: UnderWay, deadline: float | None) -> bool:
    """Until the message has arrived or was lost: True. False at the deadline."""
    left = None if deadline is None else deadline - time.monotonic()
    if left is not None and left <= 0:
        return bool(message.future.is_done)
    try:
        message.future.get(timeout=left)
    except KafkaTimeoutError:
        return bool(message.future.is_done)
    except KafkaError:
        pass  # lost: whoever waits looks at it with check()
    return True
