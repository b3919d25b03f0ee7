"""Messages of Kafka topics by their place, outside any group: what a tape is read with after a restart."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from typing import Any, Final

from kafka import KafkaConsumer, TopicPartition
from kafka.errors import KafkaError, OffsetOutOfRangeError

from apps.bus.kafka_record import to_message
from apps.domain.errors import BrokerUnavailable, NotFound
from apps.domain.ports import Message

ANSWER_S: Final = 10.0


class Reader:
    """One consumer that is sent from place to place. It fetches ahead, so reading on from a place is cheap."""

    def __init__(self, connection: Mapping[str, Any], prefix: str) -> None:
        self._prefix = prefix
        self._lock = threading.Lock()
        self._consumer = KafkaConsumer(
            **connection,
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="none",
            fetch_max_wait_ms=20,
            max_partition_fetch_bytes=4 << 20,
            allow_auto_create_topics=False,
            metrics_enabled=False,
        )
        self._at: tuple[TopicPartition, int] | None = None  # where the next poll goes on

    def read(self, topic: str, partition: int, offset: int) -> list[Message]:
        """The message at this place and some after it. Raises NotFound: no longer or not yet there."""
        if offset < 0:
            raise NotFound(f"{topic}/{partition} has no offset {offset}", topic=topic, partition=partition)
        place = TopicPartition(self._prefix + topic, partition)
        with self._lock:
            try:
                return self._read(topic, place, offset)
            except OffsetOutOfRangeError:
                self._at = None
                raise self._missing(topic, place, offset) from None
            except KafkaError as error:
                self._at = None
                raise BrokerUnavailable(f"{topic}/{partition} cannot be read: {error}", topic=topic) from error

    def close(self) -> None:
        self._consumer.close()

    def _read(self, topic: str, place: TopicPartition, offset: int) -> list[Message]:
        if self._at is None or self._at[0] != place:
            self._consumer.assign([place])
        if self._at != (place, offset):
            self._consumer.seek(place, offset)
        deadline = time.monotonic() + ANSWER_S
        while time.monotonic() < deadline:
            records = self._consumer.poll(timeout_ms=50, max_records=64).get(place)
            if records:
                self._at = (place, records[-1].offset + 1)
                return [to_message(topic, record) for record in records]
            if self._consumer.end_offsets([place])[place] <= offset:
                raise self._missing(topic, place, offset)
        raise BrokerUnavailable(f"{topic}/{place.partition} did not answer within {ANSWER_S:.0f} s", topic=topic)

    def _missing(self, topic: str, place: TopicPartition, offset: int) -> NotFound:
        first = self._consumer.beginning_offsets([place])[place]
        last = self._consumer.end_offsets([place])[place] - 1
        return NotFound(
            f"{topic}/{place.partition} keeps offsets {first} to {last}, not {offset}",
            topic=topic,
            partition=place.partition,
            offset=offset,
        )
