"""Topics and groups as their operator sees them: made, described, measured."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Final

from kafka import KafkaAdminClient, OffsetSpec, TopicPartition
from kafka.errors import KafkaError, TopicAlreadyExistsError

from apps.bus.topics import Topic
from apps.domain.errors import BrokerUnavailable, Misconfigured

log = logging.getLogger("velox.bus")

HOUR_MS: Final = 3_600_000


class KafkaAdmin:
    """What the bus asks of the cluster itself, rather than of a topic."""

    def __init__(self, connection: Mapping[str, Any], topics: Mapping[str, Topic], prefix: str) -> None:
        self._topics, self._prefix = topics, prefix
        self._client = KafkaAdminClient(**connection)

    def create_missing(self, replicas: int) -> None:
        """Make the topics that do not exist. Raises Misconfigured where one exists with other partitions."""
        existing = {topic["name"]: len(topic["partitions"]) for topic in self._client.describe_topics()}
        wanted = {self._prefix + topic.name: topic for topic in self._topics.values()}
        for name in wanted.keys() & existing.keys():
            if existing[name] != wanted[name].partitions:
                raise Misconfigured(
                    f"{name} has {existing[name]} partitions, apps/bus/topics.py says {wanted[name].partitions}: "
                    "a key would change its partition, so move to a new prefix instead of changing it"
                )
        missing = {name: self._options(wanted[name], replicas) for name in wanted.keys() - existing.keys()}
        if missing:
            try:
                self._client.create_topics(missing, timeout_ms=15_000, wait_for_metadata=True)
            except TopicAlreadyExistsError:  # another process was quicker; all have the same table
                self._client.wait_for_topics(list(missing))
            log.info("made %d topics", len(missing))

    def report(self) -> dict[str, dict[str, Any]]:
        """By topic: messages ever published and still kept, partitions short of a replica, each group's lag."""
        try:
            ends, starts = self._offsets(OffsetSpec.LATEST), self._offsets(OffsetSpec.EARLIEST)
            described = self._client.describe_topics([self._prefix + name for name in self._topics])
            report: dict[str, dict[str, Any]] = {
                topic["name"][len(self._prefix) :]: {
                    "messages": 0,
                    "published": 0,
                    "under_replicated": sum(len(p["isr_nodes"]) < len(p["replica_nodes"]) for p in topic["partitions"]),
                    "lag": {},
                }
                for topic in described
            }
            for place, end in ends.items():
                row = report[self._name(place)]
                row["messages"] += end - starts[place]
                row["published"] += end
            for group, stand in self._groups().items():
                for place, offset in stand.items():
                    lag = report[self._name(place)]["lag"]
                    lag[group] = lag.get(group, 0) + ends[place] - offset
        except KafkaError as error:
            raise BrokerUnavailable(f"the brokers do not say how the topics are: {error}") from error
        return report

    def delete_all(self) -> None:
        """Remove this prefix's topics with all they hold (tests clean up after themselves)."""
        self._client.delete_topics([self._prefix + name for name in self._topics], timeout_ms=15_000)

    def close(self) -> None:
        self._client.close()

    def _offsets(self, which: OffsetSpec) -> dict[TopicPartition, int]:
        asked = {
            TopicPartition(self._prefix + topic.name, number): which
            for topic in self._topics.values()
            for number in range(topic.partitions)
        }
        return {place: found.offset for place, found in self._client.list_partition_offsets(asked).items()}

    def _groups(self) -> dict[str, dict[TopicPartition, int]]:
        """What each group of this prefix has committed, in topics of the table."""
        names = [row["group_id"] for row in self._client.list_groups()]
        ours = [name for name in names if name.startswith(self._prefix)]
        found = self._client.list_group_offsets(ours) if ours else {}
        return {
            group[len(self._prefix) :]: {
                place: stand.offset for place, stand in offsets.items() if self._name(place) in self._topics
            }
            for group, offsets in found.items()
        }

    def _name(self, place: TopicPartition) -> str:
        return str(place.topic)[len(self._prefix) :]

    @staticmethod
    def _options(topic: Topic, replicas: int) -> dict[str, Any]:
        """Two of three brokers have a message before it counts as sent; one may be away without anything stopping."""
        return {
            "num_partitions": topic.partitions,
            "replication_factor": replicas,
            "configs": {
                "min.insync.replicas": str(min(2, replicas)),
                "retention.ms": str(topic.retention_h * HOUR_MS),
                "max.message.bytes": str(4 << 20),
                "message.timestamp.type": "CreateTime",
            },
        }
