"""What the memory bus is made of: partitions that forget late, and the cursors groups read them with.

Nothing here locks: the bus holds its lock around every call.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import TYPE_CHECKING

from apps.bus.topics import Topic
from apps.domain.errors import NotFound
from apps.domain.ports import Message

if TYPE_CHECKING:
    from apps.bus.memory import MemoryConsumer


class Partition:
    """Messages in order. Kept: what some group has not committed, and the newest `topic.keep` bytes."""

    __slots__ = ("_bytes", "_log", "_start", "cursors", "end", "floor", "floor_bytes", "is_full", "number", "topic")

    def __init__(self, topic: Topic, number: int) -> None:
        self.topic, self.number = topic, number
        self.cursors: list[Cursor] = []
        self.end = 0  # the next offset
        self.floor = self.floor_bytes = 0  # what every group has committed: messages, bytes
        self.is_full = False
        self._start = 0  # offset of _log[0]
        self._log: list[Message] = []
        self._bytes = [0]  # _bytes[i]: bytes ever published before _log[i]; the last is the total

    @property
    def unread_bytes(self) -> int:
        return self._bytes[-1] - self.floor_bytes

    @property
    def kept_bytes(self) -> int:
        return self._bytes[-1] - self._bytes[0]

    @property
    def oldest(self) -> int:
        return self._start

    def append(self, key: int, payload: bytes, now_ns: int) -> int:
        offset = self.end
        self._log.append(Message(self.topic.name, self.number, offset, key, payload, now_ns))
        total = self._bytes[-1] + len(payload)
        self._bytes.append(total)
        self.end = offset + 1
        if self.cursors:
            self.is_full = total - self.floor_bytes >= self.topic.capacity
        else:
            self.floor, self.floor_bytes = self.end, total
        if total - self._bytes[0] > self.topic.keep:
            self._forget()
        return offset

    def slice(self, offset: int, limit: int) -> list[Message]:
        at = offset - self._start
        return self._log[at : at + limit]

    def at(self, offset: int) -> Message:
        if not self._start <= offset < self.end:
            raise NotFound(
                f"{self.topic.name}/{self.number} keeps offsets {self._start} to {self.end - 1}, not {offset}",
                topic=self.topic.name,
                partition=self.number,
                offset=offset,
            )
        return self._log[offset - self._start]

    def settle(self) -> None:
        """Some cursor committed, or came: find the slowest again."""
        floor = min(cursor.committed for cursor in self.cursors)
        if floor != self.floor:
            self.floor, self.floor_bytes = floor, self._bytes[floor - self._start]
            self.is_full = self.unread_bytes >= self.topic.capacity
            self._forget()

    def is_served_by(self, thread: int) -> bool:
        """Whether one of the groups that hold this partition up is read by this very thread."""
        return any(
            cursor.committed == self.floor and cursor.owner is not None and cursor.owner.thread == thread
            for cursor in self.cursors
        )

    def _forget(self) -> None:
        """Let go of what nobody needs; in big steps, since each one moves the whole list."""
        surplus = bisect_left(self._bytes, self._bytes[-1] - self.topic.keep + 1) - 1  # the rest still holds `keep`
        surplus = min(surplus, self.floor - self._start)
        if surplus > len(self._log) // 4:
            del self._log[:surplus], self._bytes[:surplus]
            self._start += surplus


class Cursor:
    """Where one group stands in one partition. `position` runs ahead of `committed` while work is under way."""

    __slots__ = ("committed", "owner", "partition", "position")

    def __init__(self, partition: Partition) -> None:
        self.partition = partition
        self.position = self.committed = partition.oldest
        self.owner: MemoryConsumer | None = None

    @property
    def lag(self) -> int:
        return self.partition.end - self.committed

    def take(self, limit: int) -> list[Message]:
        found = self.partition.slice(self.position, limit)
        self.position += len(found)
        return found

    def commit(self) -> None:
        self.committed = self.position
        self.partition.settle()

    def rewind(self) -> None:
        self.position = self.committed


class Group:
    """The members of a group and who of them reads which partition."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.members: list[MemoryConsumer] = []
        self.cursors: list[Cursor] = []
        self.is_settled = True  # every partition is where it belongs

    def join(self, member: MemoryConsumer, partitions: Sequence[Partition]) -> None:
        known = {id(cursor.partition) for cursor in self.cursors}
        for partition in partitions:
            if id(partition) not in known:
                cursor = Cursor(partition)
                self.cursors.append(cursor)
                partition.cursors.append(cursor)
                partition.settle()
        self.members.append(member)
        self.is_settled = False
        self.settle()

    def leave(self, member: MemoryConsumer) -> None:
        if member in self.members:
            self.members.remove(member)
            member.cursors = []
            for cursor in self.cursors:
                if cursor.owner is member:
                    cursor.owner = None
            self.is_settled = False
            self.settle()

    def settle(self) -> None:
        """Hand over what can be: a partition stays with its owner until all it took is committed."""
        if self.is_settled:
            return
        self.is_settled = True
        for cursor in self.cursors:
            entitled = self._entitled(cursor.partition)
            if cursor.owner is entitled:
                continue
            if cursor.owner is None or cursor.position == cursor.committed:
                cursor.owner = entitled
            else:
                self.is_settled = False
        for member in self.members:
            member.cursors = [cursor for cursor in self.cursors if cursor.owner is member]

    def _entitled(self, partition: Partition) -> MemoryConsumer | None:
        readers = [member for member in self.members if partition.topic.name in member.topics]
        return readers[partition.number % len(readers)] if readers else None
