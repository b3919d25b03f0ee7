"""The buses that must all behave alike."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Callable, Iterator

import pytest

from apps.bus.kafka import KafkaBus
from apps.bus.kafka_admin import KafkaAdmin
from apps.bus.kafka_member import KafkaMember
from apps.bus.memory import MemoryBus
from apps.bus.topics import Topic
from apps.domain.ports import BusPort, ConsumerPort

MakeBus = Callable[..., BusPort]


@pytest.fixture(params=["memory", "kafka"])
def make_bus(request: pytest.FixtureRequest) -> Iterator[MakeBus]:
    """A maker of empty buses with the topics given. Kafka's have a prefix of their own and are deleted afterwards."""
    bootstrap = os.environ.get("KAFKA_BOOTSTRAP", "")
    if request.param == "kafka" and not bootstrap:
        pytest.skip("KAFKA_BOOTSTRAP is not set: no brokers to run against")
    made: list[BusPort] = []
    remains: list[KafkaAdmin] = []

    def make(*topics: Topic) -> BusPort:
        if request.param == "memory":
            made.append(MemoryBus(topics))
        else:
            prefix = f"test-{uuid.uuid4().hex[:8]}."
            made.append(KafkaBus(bootstrap, topics, prefix=prefix))
            table = {topic.name: topic for topic in topics}
            remains.append(KafkaAdmin({"bootstrap_servers": bootstrap.split(",")}, table, prefix))
        return made[-1]

    yield make
    for bus in made:
        bus.close()
    for admin in remains:
        admin.delete_all()
        admin.close()


def let_it_settle(*members: ConsumerPort, waiting: int = 0) -> None:
    """Brokers take a moment for what memory does at once: share partitions out evenly, deliver what was published."""
    theirs = [member for member in members if isinstance(member, KafkaMember)]
    deadline = time.monotonic() + 30
    while theirs and time.monotonic() < deadline:
        shares = [len(member._places) for member in theirs]
        fetched = sum(len(place.fetched) for member in theirs for place in member._places.values())
        if min(shares) and max(shares) - min(shares) <= 2 and fetched >= waiting:
            return
        time.sleep(0.02)
