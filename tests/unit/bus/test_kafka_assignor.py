"""Who reads which partitions: shares are even, topics stay together, and little changes hands."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("kafka")

from kafka import TopicPartition

from apps.bus.kafka_assignor import deal, share_out

TOPICS = {"ticks": range(8), "orders": range(8)}
MEMBERS = st.sets(st.sampled_from("abcdef"), min_size=1)


@given(MEMBERS, MEMBERS)
def test_shares_differ_by_one_and_topics_stay_together(before: set[str], now: set[str]) -> None:
    both = frozenset(TOPICS)
    held = share_out(dict.fromkeys(before, both), TOPICS, {})
    shared = share_out(dict.fromkeys(now, both), TOPICS, held)
    assert set(shared) == {TopicPartition(topic, number) for topic in TOPICS for number in range(8)}
    counts = [list(shared.values()).count(member) for member in now]
    assert max(counts) - min(counts) <= len(TOPICS)
    for number in range(8):
        assert shared[TopicPartition("ticks", number)] == shared[TopicPartition("orders", number)]


@given(st.integers(0, 20), MEMBERS)
def test_nobody_gives_up_what_others_have_no_claim_to(count: int, members: set[str]) -> None:
    numbers = list(range(count))
    held = deal(numbers, {}, sorted(members))
    assert deal(numbers, held, sorted(members)) == held
    joined = deal(numbers, held, sorted(members | {"z"}))
    moved = [number for number in numbers if joined[number] != held[number]]
    assert all(joined[number] == "z" for number in moved)
    left = deal(numbers, joined, sorted(members))
    assert all(left[number] == joined[number] for number in numbers if joined[number] != "z")


def test_a_topic_goes_only_to_who_reads_it() -> None:
    readers = {"a": frozenset({"ticks", "orders"}), "b": frozenset({"ticks"})}
    shared = share_out(readers, TOPICS, {})
    assert {shared[TopicPartition("orders", number)] for number in range(8)} == {"a"}
    assert {shared[TopicPartition("ticks", number)] for number in range(8)} == {"a", "b"}
