"""The topics as a table: how each is cut, what it is keyed by and how much of it is kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MIB: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Topic:
    """`capacity`: bytes a partition may hold that its slowest group has not committed; then publishing waits.

    `keep`: bytes of the newest messages a partition keeps to be read by place, committed or not.
    `retention_h`: hours for which Kafka keeps a message; there `capacity` limits what is not yet acknowledged.
    """

    name: str
    keyed_by: str
    partitions: int = 4
    capacity: int = 8 * MIB
    keep: int = 1 * MIB
    retention_h: int = 7 * 24


TOPICS: Final[tuple[Topic, ...]] = (
    Topic("velox.ticks", "instrument", keep=32 * MIB),  # kept longest: it is the tape that venues and strategies read
    Topic("velox.candles", "instrument"),
    Topic("velox.signals", "account"),
    Topic("velox.orders", "account"),
    Topic("velox.fills", "account"),
    Topic("velox.positions", "account"),
    Topic("velox.dead-letters", "as the message that failed", partitions=1),
)


def partition_of(key: int, partitions: int) -> int:
    """The partition of a key: the same for every topic with as many partitions, in every process, for ever."""
    return key % partitions
