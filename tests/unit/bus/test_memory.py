"""What the memory bus adds to the contract: room, retention, waiting for many, the tape."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.bus.memory import BusTape, MemoryBus
from apps.bus.topics import TOPICS, Topic
from apps.domain import frames
from apps.domain.errors import BadData, BrokerUnavailable, NotFound
from apps.pipeline import flow


def small(capacity: int = 100, keep: int = 0) -> MemoryBus:
    return MemoryBus([Topic("t", "key", 1, capacity, keep), Topic("u", "key", 1, capacity, keep)])


def test_the_table_holds_every_topic_of_the_path() -> None:
    used = {topic for stage in flow.FLOW for topic in (*stage.reads, *stage.writes)} | {flow.DEAD_LETTERS}
    assert used == {topic.name for topic in TOPICS}


def test_a_full_topic_makes_publish_wait_until_the_slowest_group_commits() -> None:
    bus = small(capacity=10)
    fast, slow = bus.consumer("fast", ["t"]), bus.consumer("slow", ["t"])
    bus.publish("t", 0, b"x" * 10)
    fast.poll()
    fast.commit()
    assert not bus.has_room("t")
    with pytest.raises(BrokerUnavailable, match="10 bytes behind"):
        bus.publish("t", 0, b"y", timeout_s=0.01)

    published = threading.Event()
    waiting = threading.Thread(target=lambda: (bus.publish("t", 0, b"y"), published.set()))
    waiting.start()
    assert not published.wait(0.05)
    slow.poll()
    slow.commit()
    assert published.wait(5)
    waiting.join()


def test_a_thread_never_waits_for_itself() -> None:
    bus = small(capacity=10)
    consumer = bus.consumer("g", ["t"])
    consumer.poll()
    for _ in range(5):
        bus.publish("t", 0, b"x" * 10)
    assert len(consumer.poll()) == 5


def test_closing_frees_who_waits_for_room() -> None:
    bus = small(capacity=1)
    bus.consumer("g", ["t"])
    bus.publish("t", 0, b"x")
    threading.Timer(0.05, bus.close).start()
    with pytest.raises(BrokerUnavailable, match="closed"):
        bus.publish("t", 0, b"y")


@settings(max_examples=60, deadline=None)
@given(
    keep=st.integers(0, 60),
    steps=st.lists(st.tuples(st.integers(1, 30), st.booleans()), max_size=60),
)
def test_it_keeps_what_is_uncommitted_and_the_newest_bytes_and_forgets_the_rest(
    keep: int, steps: list[tuple[int, bool]]
) -> None:
    bus = small(capacity=1 << 20, keep=keep)
    consumer = bus.consumer("g", ["t"])
    sizes: list[int] = []
    committed = 0
    for size, commit in steps:
        bus.publish("t", 0, b"x" * size)
        sizes.append(size)
        if commit:
            consumer.poll(limit=1000)
            consumer.commit()
            committed = len(sizes)
    for offset, size in enumerate(sizes):
        if offset >= committed or sum(sizes[offset:]) <= keep:
            assert len(bus.read("t", 0, offset)) == size
    assert bus.report()["t"]["bytes"] <= 2 * (keep + 30 + sum(sizes[committed:])) + 60


def test_what_nobody_reads_is_kept_no_longer_than_said() -> None:
    bus = small(keep=100)
    for _ in range(1000):
        bus.publish("t", 0, b"x" * 10)
    assert bus.report()["t"]["bytes"] < 200
    with pytest.raises(NotFound, match="keeps offsets"):
        bus.read("t", 0, 0)
    assert bus.has_room("t")


def test_one_thread_can_wait_for_many_consumers() -> None:
    bus = small()
    consumers = [bus.consumer("a", ["t"]), bus.consumer("b", ["u"])]
    assert not bus.wait_any(consumers, 0.01)
    threading.Timer(0.05, bus.publish, ("u", 0, b"x")).start()
    started = time.monotonic()
    assert bus.wait_any(consumers, 10)
    assert time.monotonic() - started < 5
    assert bus.wait_any(consumers, 10), "what has come is still there"


def test_a_new_member_gets_its_share_once_the_owner_has_committed() -> None:
    bus = MemoryBus([Topic("t", "key", 2)])
    first = bus.consumer("g", ["t"])
    bus.publish("t", 1, b"x")
    assert len(first.poll()) == 1
    second = bus.consumer("g", ["t"])
    bus.publish("t", 1, b"y")
    assert second.poll() == [], "partition 1 is still under way with the first"
    first.commit()
    assert [message.payload for message in second.poll()] == [b"y"]


def test_the_report_names_who_lags() -> None:
    bus = small()
    bus.consumer("g", ["t"])
    bus.publish("t", 0, b"abc")
    assert bus.report()["t"] == {"messages": 1, "bytes": 3, "lag": {"g": 1}}
    assert bus.report()["u"]["lag"] == {}


def test_the_tape_gives_back_ticks_by_their_place() -> None:
    bus = MemoryBus([Topic("velox.ticks", "instrument", 2)])
    rows = np.zeros(3, frames.TICK)
    rows["price"] = (1.0, 2.0, 3.0)
    offset = bus.publish("velox.ticks", 1, frames.encode(frames.TICKS, rows))
    tape = BusTape(bus, remember=1)
    assert tape.frame(1, offset)["price"].tolist() == [1.0, 2.0, 3.0]
    assert tape.frame(1, offset) is tape.frame(1, offset)
    candles = bus.publish("velox.ticks", 1, frames.encode(frames.CANDLES, np.zeros(1, frames.CANDLE)))
    with pytest.raises(BadData):
        tape.frame(1, candles)
    with pytest.raises(NotFound):
        tape.frame(1, 99)
