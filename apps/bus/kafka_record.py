"""A Kafka record and a Message, one made from the other."""

from __future__ import annotations

import struct
from typing import Any, Final

from apps.domain.ports import Message

KEY: Final = struct.Struct(">q")


def to_message(topic: str, record: Any) -> Message:
    """The record as the bus's message. A key of some foreign producer that is no number of ours reads as 0."""
    key = KEY.unpack(record.key)[0] if record.key is not None and len(record.key) == KEY.size else 0
    payload = record.value or b""
    return Message(topic, record.partition, record.offset, key, payload, record.timestamp * 1_000_000)
