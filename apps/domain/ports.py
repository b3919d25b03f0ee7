"""What the trade needs from outside, as protocols. Adapters live in feeds/, bus/ and brokers/."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from apps.domain.frames import TickArray
from apps.domain.messages import CancelOrder, Fill, NewOrder, OrderChanged


class Clock(Protocol):
    """Wall time, so that only the edges ever call now()."""

    def now_ns(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Message:
    """One message as read from a partition. `offset` counts from 0 in its partition without gaps."""

    topic: str
    partition: int
    offset: int
    key: int
    payload: bytes
    published_ns: int


class ConsumerPort(Protocol):
    """One member of a consumer group. Each message is seen by one member of each group."""

    def poll(self, timeout_s: float = 0.0, limit: int = 64) -> list[Message]: ...

    def commit(self) -> None:
        """All that poll() has returned so far has had its effect."""
        ...

    def lag(self) -> int: ...

    def close(self) -> None: ...


class BusPort(Protocol):
    """Topics cut in partitions; order is kept within a key. Nothing is dropped: a full topic makes publish wait."""

    def publish(self, topic: str, key: int, payload: bytes, timeout_s: float | None = None) -> int:
        """Append and return the offset. Raises BrokerUnavailable when there is no room within `timeout_s`."""
        ...

    def post(self, topic: str, key: int, payload: bytes, timeout_s: float | None = None) -> None:
        """Take the message and go on; it arrives behind all that was taken before.

        A consumer's commit() counts only once everything posted before it has arrived; `flush()` waits for it.
        """
        ...

    def flush(self, timeout_s: float | None = None) -> None:
        """Wait until all that was posted has arrived. Raises BrokerUnavailable when it has not within `timeout_s`."""
        ...

    def has_room(self, topic: str) -> bool: ...

    def partitions(self, topic: str) -> int: ...

    def consumer(self, group: str, topics: Sequence[str]) -> ConsumerPort: ...

    def read(self, topic: str, partition: int, offset: int) -> bytes:
        """One retained message by its place. Raises NotFound when it is no longer (or not yet) there."""
        ...

    def close(self) -> None: ...


class TapePort(Protocol):
    """The tick tape of one partition, read by place: what the simulated venue and tick strategies look at."""

    def frame(self, partition: int, offset: int) -> TickArray: ...


class FeedPort(Protocol):
    """A source of ticks. Yields TickArrays in the order of event time; stop() ends the iteration soon."""

    name: str

    def frames(self) -> Iterator[TickArray]: ...

    def stop(self) -> None: ...


@dataclass(frozen=True, slots=True)
class OrderView:
    """An order as its broker sees it."""

    client_order_id: str
    broker_order_id: str
    status: str


class BrokerPort(Protocol):
    """All a broker has to be able to do: domain types in, domain types out.

    BrokerUnavailable: nothing left this machine, retry freely. BrokerRejected: it said no.
    OutcomeUnknown: it left and no answer came; look it up by client_order_id, never send it twice.
    """

    def submit(self, order: NewOrder) -> str: ...

    def cancel(self, order: CancelOrder) -> None: ...

    def lookup(self, client_order_id: str) -> OrderView | None: ...

    def events(self) -> Iterable[Fill | OrderChanged]:
        """What happened since the last call, oldest first; may repeat, dedupe on fill_id."""
        ...
