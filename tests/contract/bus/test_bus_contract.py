"""What every bus promises its stages."""

from __future__ import annotations

import random
import threading
import time
from collections import defaultdict

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.bus.topics import Topic
from apps.domain.errors import BrokerUnavailable, Misconfigured, NotFound
from apps.domain.ports import BusPort, ConsumerPort, Message
from tests.contract.bus.conftest import MakeBus, let_it_settle

PRICES = Topic("prices", "instrument", partitions=4, capacity=1 << 20, keep=1 << 20)
ORDERS = Topic("orders", "account", partitions=4, capacity=1 << 20, keep=1 << 20)


def drained(consumer: ConsumerPort, count: int) -> list[Message]:
    """The next `count` messages, and whatever else comes although it should not."""
    found: list[Message] = []
    deadline = time.monotonic() + 20
    while len(found) < count and time.monotonic() < deadline:
        found += consumer.poll(timeout_s=0.5)
    return found + consumer.poll(timeout_s=0.05)


def payloads(messages: list[Message]) -> list[bytes]:
    return [message.payload for message in messages]


def test_a_key_stays_in_its_partition_and_offsets_count_from_nought(make_bus: MakeBus) -> None:
    bus = make_bus(PRICES)
    assert [bus.publish("prices", 5, b"a"), bus.publish("prices", 6, b"b"), bus.publish("prices", 9, b"c")] == [0, 0, 1]
    found = drained(bus.consumer("g", ["prices"]), 3)
    places = {message.payload: (message.partition, message.offset, message.key) for message in found}
    assert places == {b"a": (1, 0, 5), b"b": (2, 0, 6), b"c": (1, 1, 9)}
    assert bus.partitions("prices") == 4


def test_each_group_sees_everything_once(make_bus: MakeBus) -> None:
    bus = make_bus(PRICES)
    groups = [bus.consumer(name, ["prices"]) for name in ("charts", "strategies")]
    for number in range(10):
        bus.publish("prices", 0, b"%d" % number)
    for consumer in groups:
        assert payloads(drained(consumer, 10)) == [b"%d" % number for number in range(10)]


def test_a_poll_brings_no_more_than_its_limit_and_starves_no_partition(make_bus: MakeBus) -> None:
    bus = make_bus(PRICES)
    consumer = bus.consumer("g", ["prices"])
    for key in (0, 0, 0, 0, 1, 2):
        bus.publish("prices", key, b"x")
    let_it_settle(consumer, waiting=6)
    polls = [consumer.poll(limit=2) for _ in range(3)]
    assert [len(poll) for poll in polls] == [2, 2, 2]
    assert {message.key for message in polls[1]} == {1, 2}


def test_lag_counts_what_is_not_committed(make_bus: MakeBus) -> None:
    bus = make_bus(PRICES)
    consumer = bus.consumer("g", ["prices"])
    for key in range(3):
        bus.publish("prices", key, b"x")
    drained(consumer, 3)
    assert consumer.lag() == 3
    consumer.commit()
    assert consumer.lag() == 0


def test_who_has_just_joined_knows_at_once_how_much_waits(make_bus: MakeBus) -> None:
    bus = make_bus(PRICES)
    for key in range(3):
        bus.publish("prices", key, b"x")
    assert bus.consumer("g", ["prices"]).lag() == 3


def test_what_a_member_did_not_commit_goes_to_the_next(make_bus: MakeBus) -> None:
    bus = make_bus(PRICES)
    first = bus.consumer("g", ["prices"])
    bus.publish("prices", 1, b"done")
    drained(first, 1)
    first.commit()
    bus.publish("prices", 1, b"under way")
    drained(first, 1)
    first.close()
    assert payloads(drained(bus.consumer("g", ["prices"]), 1)) == [b"under way"]


def test_a_group_without_members_misses_nothing(make_bus: MakeBus) -> None:
    bus = make_bus(PRICES)
    bus.consumer("g", ["prices"]).close()
    bus.publish("prices", 1, b"meanwhile")
    assert payloads(drained(bus.consumer("g", ["prices"]), 1)) == [b"meanwhile"]


def test_members_of_a_group_share_the_partitions_and_keep_topics_together(make_bus: MakeBus) -> None:
    bus = make_bus(PRICES, ORDERS)
    members = [bus.consumer("g", ["prices", "orders"]) for _ in range(2)]
    let_it_settle(*members)
    for key in range(4):
        bus.publish("prices", key, b"p")
        bus.publish("orders", key, b"o")
    parts = [{(m.topic, m.partition) for m in drained(member, 4)} for member in members]
    assert not parts[0] & parts[1] and len(parts[0] | parts[1]) == 8
    assert all(("prices", number) in part for part in parts for topic, number in part if topic == "orders")


def test_a_blocked_poll_wakes_when_a_message_comes(make_bus: MakeBus) -> None:
    bus = make_bus(PRICES)
    consumer = bus.consumer("g", ["prices"])
    threading.Timer(0.3, bus.publish, ("prices", 0, b"x")).start()
    started = time.monotonic()
    assert payloads(consumer.poll(timeout_s=10)) == [b"x"]
    assert time.monotonic() - started < 5


def test_a_message_is_read_again_by_its_place(make_bus: MakeBus) -> None:
    bus = make_bus(PRICES)
    for text in (b"a", b"b"):
        bus.publish("prices", 3, text)
    assert bus.read("prices", 3, 1) == b"b"
    for offset in (-1, 2):
        with pytest.raises(NotFound):
            bus.read("prices", 3, offset)


def test_an_unknown_topic_is_a_mistake_of_the_operator(make_bus: MakeBus) -> None:
    bus = make_bus(PRICES)
    with pytest.raises(Misconfigured, match="cards"):
        bus.publish("cards", 0, b"x")


def test_a_closed_bus_takes_nothing(make_bus: MakeBus) -> None:
    bus = make_bus(PRICES)
    bus.close()
    with pytest.raises(BrokerUnavailable):
        bus.publish("prices", 0, b"x")


def test_threads_may_publish_at_once_and_nothing_is_lost(make_bus: MakeBus) -> None:
    bus = make_bus(PRICES)
    consumer = bus.consumer("g", ["prices"])

    def publish(key: int) -> None:
        for number in range(500):
            bus.publish("prices", key, b"%d" % number)

    threads = [threading.Thread(target=publish, args=(key,)) for key in range(6)]
    for thread in threads:
        thread.start()
    seen: dict[int, list[bytes]] = defaultdict(list)
    while sum(map(len, seen.values())) < 3000:
        found = consumer.poll(timeout_s=10)
        assert found, "messages are missing"
        for message in found:
            seen[message.key].append(message.payload)
        consumer.commit()
    assert all(texts == [b"%d" % number for number in range(500)] for texts in seen.values())


class Crowd:
    """A group whose members come and go, and a book of what each was given and committed."""

    def __init__(self, bus: BusPort) -> None:
        self.bus = bus
        self.members: list[ConsumerPort] = []
        self.held: dict[ConsumerPort, list[Message]] = {}
        self.done: list[Message] = []
        self.published = 0

    def publish(self, key: int) -> None:
        self.bus.publish("prices", key, b"%d" % self.published)
        self.published += 1

    def join(self, _: int) -> None:
        member = self.bus.consumer("g", ["prices"])
        self.members.append(member)
        self.held[member] = []

    def poll(self, which: int) -> None:
        if self.members:
            member = self.members[which % len(self.members)]
            found = member.poll(limit=which + 1)
            taken = {(m.partition, m.offset) for m in self.done}
            taken |= {(m.partition, m.offset) for held in self.held.values() for m in held}
            assert not taken & {(m.partition, m.offset) for m in found}, "given out twice"
            self.held[member] += found

    def commit(self, which: int) -> None:
        if self.members:
            member = self.members[which % len(self.members)]
            member.commit()
            self.done += self.held[member]
            self.held[member] = []

    def close(self, which: int) -> None:
        if self.members:
            member = self.members.pop(which % len(self.members))
            member.close()
            del self.held[member]


def live_through(bus: BusPort, steps: list[tuple[str, int]]) -> None:
    """Let a group live as told, then let a last member finish: all was done once, in the order of its key."""
    crowd = Crowd(bus)
    for action, number in steps:
        getattr(crowd, action)(number)
    while crowd.members:
        crowd.close(0)
    crowd.join(0)
    crowd.held[crowd.members[0]] += drained(crowd.members[0], crowd.published - len(crowd.done))
    crowd.commit(0)
    crowd.close(0)
    assert sorted(int(m.payload) for m in crowd.done) == list(range(crowd.published))
    by_key: dict[int, list[int]] = defaultdict(list)
    for message in crowd.done:
        by_key[message.key].append(int(message.payload))
    assert all(numbers == sorted(numbers) for numbers in by_key.values())


@pytest.mark.parametrize("make_bus", ["memory"], indirect=True)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    steps=st.lists(
        st.tuples(st.sampled_from(["publish", "publish", "poll", "commit", "join", "close"]), st.integers(0, 7)),
        max_size=60,
    )
)
def test_however_members_come_and_go_all_is_done_once_and_in_order(
    make_bus: MakeBus, steps: list[tuple[str, int]]
) -> None:
    live_through(make_bus(PRICES), steps)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("make_bus", ["kafka"], indirect=True)
def test_members_of_a_real_group_come_and_go_and_all_is_done_once_and_in_order(make_bus: MakeBus, seed: int) -> None:
    chance = random.Random(seed)
    actions = ["publish"] * 6 + ["poll"] * 3 + ["commit"] * 2 + ["join", "close"]
    live_through(make_bus(PRICES), [("join", 0), *((chance.choice(actions), chance.randrange(8)) for _ in range(60))])


def test_what_was_posted_arrives_in_order_and_flush_waits_for_it(make_bus: MakeBus) -> None:
    bus = make_bus(PRICES)
    for number in range(100):
        bus.post("prices", 3, b"%d" % number)
    bus.flush(timeout_s=10)
    assert bus.read("prices", 3, 99) == b"99"
    assert payloads(drained(bus.consumer("g", ["prices"]), 100)) == [b"%d" % number for number in range(100)]
