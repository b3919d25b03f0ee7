"""One member of a Kafka consumer group: a thread that fetches ahead, and the book of what was taken and committed."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from kafka import AsyncConsumerRebalanceListener, KafkaConsumer, OffsetAndMetadata, TopicPartition
from kafka.errors import KafkaError

from apps.bus.kafka_assignor import TogetherAssignor
from apps.bus.kafka_record import to_message
from apps.domain.errors import BrokerUnavailable
from apps.domain.ports import Message

if TYPE_CHECKING:
    from apps.bus.kafka import KafkaBus

log = logging.getLogger("velox.bus")

AHEAD_BYTES: Final = 16 << 20  # fetched and not yet taken, for one member
JOIN_S: Final = 20.0
HAND_OVER_S: Final = 10.0  # how long a partition that moves waits for its owner's commit
POLL_MS: Final = 200


class Place:
    """One partition that this member owns: fetched messages not yet taken, and where taking and committing stand."""

    __slots__ = ("committed", "fetched", "leaving", "start", "taken", "told")

    def __init__(self) -> None:
        self.fetched: deque[Message] = deque()
        self.start: int | None = None  # where the group stood when it became ours, once asked
        self.taken: int | None = None  # the offset after the last one handed out
        self.committed: int | None = None  # what commit() was last called for
        self.told: int | None = None  # what the brokers know of it
        self.leaving = False

    @property
    def stands_at(self) -> int:
        """The first offset that is not committed."""
        return self.committed if self.committed is not None else self.start or 0


class KafkaMember:
    """ConsumerPort over one KafkaConsumer. The bus lends its condition, so that one thread can wait for many members.

    A partition changes hands only once its owner has committed what it took, or after HAND_OVER_S: then the
    new owner gets it again, as after a crash, and whoever handles it knows what it has already seen.
    """

    def __init__(
        self,
        bus: KafkaBus,
        connection: Mapping[str, Any],
        group: str,
        topics: Sequence[str],
        prefix: str,
    ) -> None:
        self.topics = frozenset(topics)
        self._bus, self._prefix, self._arrived = bus, prefix, bus.arrived
        self._places: dict[TopicPartition, Place] = {}
        self._turn = self._ahead = 0
        self._ended = self._closing = False  # nothing is handed out any more; nothing is fetched any more
        self._assignor = TogetherAssignor()
        self._telling = threading.Lock()
        self._consumer = KafkaConsumer(
            **connection,
            group_id=prefix + group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            partition_assignment_strategy=[self._assignor],
            session_timeout_ms=6000,
            heartbeat_interval_ms=1500,
            fetch_max_wait_ms=250,
            max_partition_fetch_bytes=4 << 20,
            allow_auto_create_topics=False,
            metrics_enabled=False,
        )
        for topic in topics:  # known before the first round, or that would hand out nothing
            self._consumer.partitions_for_topic(prefix + topic)
        self._consumer.subscribe([prefix + topic for topic in topics], listener=_Moves(self))
        self._thread = threading.Thread(target=self._fetch_ahead, name=f"velox-bus-{group}", daemon=True)
        self._thread.start()
        self._wait_until_joined(group)

    # --- ConsumerPort

    def poll(self, timeout_s: float = 0.0, limit: int = 64) -> list[Message]:
        """The next messages, at most `limit`, in order within a partition; waits up to `timeout_s` for the first."""
        deadline = time.monotonic() + timeout_s
        with self._arrived:
            while not (found := self._take(limit)):
                left = deadline - time.monotonic()
                if left <= 0 or self._ended:
                    return []
                self._arrived.wait(left)
        return found

    def commit(self) -> None:
        """All that poll() has returned so far has had its effect.

        Returns at once. The brokers are told as soon as everything published before this call is on its topic,
        so a crash can repeat messages and never skip one.
        """
        with self._arrived:
            for place in self._places.values():
                place.committed = place.taken
        self._bus.commit_soon(self)

    def lag(self) -> int:
        """Messages of this member's partitions that are not committed yet, as of the last fetch (a quarter second)."""
        with self._arrived:
            places = {place: state for place, state in self._places.items() if not state.leaving}
        if not places or self._ended:
            return 0
        ends = {place: self._consumer.highwater(place) for place in places}
        try:
            fresh = [place for place, end in ends.items() if end is None]
            ends |= self._consumer.end_offsets(fresh) if fresh else {}
            self._find_start([place for place, state in places.items() if state.start is None])
        except KafkaError as error:
            raise BrokerUnavailable(f"the brokers do not say how far behind we are: {error}") from error
        return sum(max(0, ends[place] - state.stands_at) for place, state in places.items())

    def close(self) -> None:
        """Leave. What was taken and not committed goes to another member, or to the next that joins."""
        with self._arrived:
            if self._ended:
                return
            self._ended = True
            self._arrived.notify_all()
        self._bus.commit_now(self)  # while fetching goes on: a rebalance under way has to end before it is taken
        self._closing = True
        self._thread.join()
        self._consumer.close(autocommit=False, timeout_ms=5000)

    # --- for the bus

    @property
    def is_closing(self) -> bool:
        return self._closing

    @property
    def has_waiting(self) -> bool:
        return any(place.fetched and not place.leaving for place in self._places.values())

    def tell_brokers(self) -> None:
        """Commit at the brokers what commit() was called for. Raises BrokerUnavailable: the next call tells all."""
        with self._telling:
            with self._arrived:
                stand = {
                    place: state.committed
                    for place, state in self._places.items()
                    if state.committed is not None and state.committed != state.told
                }
            if not stand:
                return
            try:
                self._consumer.commit({p: OffsetAndMetadata(at, "", -1) for p, at in stand.items()}, timeout_ms=5000)
            except KafkaError as error:
                raise BrokerUnavailable(f"the brokers did not take our place: {error}") from error
            with self._arrived:
                for place, offset in stand.items():
                    if place in self._places:
                        self._places[place].told = offset

    def _find_start(self, unknown: Sequence[TopicPartition]) -> None:
        """Where the group stood in these partitions when they became ours: asked once."""
        starts = self._consumer.beginning_offsets(list(unknown)) if unknown else {}
        for place in unknown:
            start = self._consumer.committed(place)
            with self._arrived:
                if state := self._places.get(place):
                    state.start = starts[place] if start is None else start

    # --- fetching

    def _take(self, limit: int) -> list[Message]:
        """Up to `limit` messages, starting one partition further each time so that none is starved."""
        places = [place for place in self._places.values() if place.fetched and not place.leaving]
        found: list[Message] = []
        for step in range(len(places)):
            place = places[(self._turn + step) % len(places)]
            while place.fetched and len(found) < limit:
                found.append(place.fetched.popleft())
            place.taken = found[-1].offset + 1
            if len(found) >= limit:
                self._turn += step + 1
                break
        self._ahead -= sum(len(message.payload) for message in found)
        return found

    def _fetch_ahead(self) -> None:
        """Fetch until closing. While too much waits here nothing is fetched, and membership is kept up."""
        paused: set[TopicPartition] = set()
        while not self._closing:
            try:
                if self._ahead > AHEAD_BYTES:
                    paused = self._consumer.assignment()
                    self._consumer.pause(*paused)
                elif paused:
                    self._consumer.resume(*(paused & self._consumer.assignment()))
                    paused = set()
                self._finish_joining()
                self._keep(self._consumer.poll(timeout_ms=POLL_MS if not paused else 5))
            except KafkaError as error:
                log.warning("fetching for %s: %s", self._thread.name, error)
                time.sleep(0.2)

    def _finish_joining(self) -> None:
        """Make the client take in the answer to a join that outlived its poll.

        kafka-python 3.0 asks anew whether a join is needed before it looks at the answer. Where the reason was
        changed metadata, the answer itself has removed it, and the member would stay half joined until evicted.
        """
        coordinator = self._consumer._coordinator
        if coordinator.rejoining:
            coordinator.request_rejoin()

    def _keep(self, found: Mapping[TopicPartition, Sequence[Any]]) -> None:
        if not found:
            return
        with self._arrived:
            for where, records in found.items():
                place = self._places.get(where)
                if place is None or place.leaving:
                    continue  # given up meanwhile: its new owner reads them
                topic = where.topic[len(self._prefix) :]
                fresh = [to_message(topic, record) for record in records]
                place.fetched += fresh
                self._ahead += sum(len(message.payload) for message in fresh)
                self._bus.seen(fresh)
            self._arrived.notify_all()

    def _wait_until_joined(self, group: str) -> None:
        deadline = time.monotonic() + JOIN_S
        while self._assignor.rounds == 0:
            if time.monotonic() > deadline:
                self.close()
                raise BrokerUnavailable(f"could not join the group {group} within {JOIN_S:.0f} s")
            time.sleep(0.005)

    # --- partitions that come and go (called on the client's own thread)

    def _gain(self, places: Iterable[TopicPartition]) -> None:
        with self._arrived:
            for place in places:
                self._places[place] = Place()

    def _mark_leaving(self, places: Iterable[TopicPartition]) -> None:
        """What was fetched and not taken is dropped here: the next owner fetches it."""
        with self._arrived:
            for place in places:
                if state := self._places.get(place):
                    state.leaving = True
                    self._ahead -= sum(len(message.payload) for message in state.fetched)
                    state.fetched.clear()

    def _may_leave(self, places: Iterable[TopicPartition]) -> bool:
        with self._arrived:
            owned = [self._places[place] for place in places if place in self._places]
            return self._closing or all(state.taken == state.told for state in owned)

    def _lose(self, places: Iterable[TopicPartition]) -> None:
        with self._arrived:
            for place in places:
                self._places.pop(place, None)


class _Moves(AsyncConsumerRebalanceListener):
    """Told by the client when partitions move."""

    def __init__(self, member: KafkaMember) -> None:
        self._member = member

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        self._member._gain(assigned)

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        """Hold them until what was taken is committed, so that the next owner starts after it."""
        member = self._member
        member._mark_leaving(revoked)
        deadline = time.monotonic() + HAND_OVER_S
        while not member._may_leave(revoked) and time.monotonic() < deadline:
            await member._consumer._net.sleep(0.005)  # the client's own loop: asyncio's sleep does not run on it
        member._lose(revoked)

    async def on_partitions_lost(self, lost: set[TopicPartition]) -> None:
        self._member._assignor.owned = []
        self._member._mark_leaving(lost)
        self._member._lose(lost)
