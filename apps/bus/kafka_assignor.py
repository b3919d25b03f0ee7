"""Who of a group reads which partitions of Kafka topics: partition p of every topic goes to the same member.

Incremental and cooperative (KIP-429): who keeps a partition goes on reading while others come and go, and a
partition that moves is first given up by its owner, then handed out in a second round.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from kafka import TopicPartition
from kafka.coordinator.assignors.abstract import AbstractPartitionAssignor, RebalanceProtocol
from kafka.protocol.consumer.metadata import ConsumerProtocolAssignment, ConsumerProtocolSubscription


class TogetherAssignor(AbstractPartitionAssignor):
    """One per consumer. `owned` is what this member holds; the consumer clears it when its membership is lost."""

    name = "velox-together"
    version = 1  # of the wire format: the first that carries what a member owns

    def __init__(self) -> None:
        self.owned: list[TopicPartition] = []
        self.rounds = 0  # assignments received, empty ones included

    def supported_protocols(self) -> list[RebalanceProtocol]:
        return [RebalanceProtocol.COOPERATIVE]

    def metadata(self, topics: set[str]) -> ConsumerProtocolSubscription:
        return ConsumerProtocolSubscription(
            version=self.version, topics=sorted(topics), user_data=b"", owned_partitions=_by_topic(self.owned)
        )

    def on_assignment(self, assignment: ConsumerProtocolAssignment, generation: int) -> None:
        self.owned = list(assignment.partitions())
        self.rounds += 1

    def assign(self, cluster: Any, members: Sequence[Any]) -> dict[str, ConsumerProtocolAssignment]:
        """Called on the group's leader. A partition somebody else still holds is left out of this round."""
        topics = {member.member_id: frozenset(member.metadata.topics) for member in members}
        wanted = {topic for chosen in topics.values() for topic in chosen}
        partitions = {topic: sorted(cluster.partitions_for_topic(topic) or ()) for topic in sorted(wanted)}
        holders = {
            TopicPartition(held.topic, number): member.member_id
            for member in members
            for held in member.metadata.owned_partitions or ()
            for number in held.partitions
        }
        ideal = share_out(topics, partitions, holders)
        free = {place: member for place, member in ideal.items() if holders.get(place, member) == member}
        return {
            member: ConsumerProtocolAssignment(
                self.version, _by_topic_pairs([place for place, owner in free.items() if owner == member]), b""
            )
            for member in topics
        }


def share_out(
    topics: Mapping[str, frozenset[str]],
    partitions: Mapping[str, Sequence[int]],
    holders: Mapping[TopicPartition, str],
) -> dict[TopicPartition, str]:
    """The member of each partition. `topics`: what each member reads; `holders`: who has what now.

    Shares differ by one partition number at most, and as few as possible change hands.
    """
    numbers = sorted({number for chosen in partitions.values() for number in chosen})
    owner_of = deal(numbers, _present_owners(numbers, holders, topics), sorted(topics))
    shared: dict[TopicPartition, str] = {}
    for topic, chosen in partitions.items():
        readers = sorted(member for member, wanted in topics.items() if topic in wanted)
        for number in chosen:
            owner = owner_of[number]
            shared[TopicPartition(topic, number)] = owner if owner in readers else readers[number % len(readers)]
    return shared


def deal(numbers: Sequence[int], owner_of: Mapping[int, str], members: Sequence[str]) -> dict[int, str]:
    """Each number's member: who has it keeps it as long as that leaves the others their share."""
    least, spare = divmod(len(numbers), len(members))
    held = dict.fromkeys(members, 0)
    dealt: dict[int, str] = {}
    for number in numbers:
        owner = owner_of.get(number)
        if owner in held and held[owner] < least + (spare > 0):
            spare -= held[owner] == least
            held[owner] += 1
            dealt[number] = owner
    for number in numbers:
        if number not in dealt:
            poorest = min(members, key=lambda member: held[member])
            held[poorest] += 1
            dealt[number] = poorest
    return dealt


def _present_owners(
    numbers: Sequence[int], holders: Mapping[TopicPartition, str], members: Mapping[str, object]
) -> dict[int, str]:
    """For each number the present member that holds it in most topics."""
    owners: dict[int, str] = {}
    for number in numbers:
        votes = Counter(member for place, member in holders.items() if place.partition == number and member in members)
        if votes:
            owners[number] = min(votes, key=lambda member: (-votes[member], member))
    return owners


def _by_topic_pairs(places: Sequence[TopicPartition]) -> list[tuple[str, list[int]]]:
    topics = sorted({place.topic for place in places})
    return [(topic, sorted(place.partition for place in places if place.topic == topic)) for topic in topics]


def _by_topic(places: Sequence[TopicPartition]) -> list[Any]:
    row = ConsumerProtocolSubscription.TopicPartition
    return [row(topic=topic, partitions=numbers) for topic, numbers in _by_topic_pairs(places)]
