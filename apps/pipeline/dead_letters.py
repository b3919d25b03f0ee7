"""Messages that no stage could handle: read, understood, sent again."""

from __future__ import annotations

import uuid
from base64 import b64decode
from dataclasses import dataclass
from typing import Any

import msgspec

from apps.bus import codecs
from apps.domain import frames
from apps.domain.errors import BadData
from apps.domain.messages import utc
from apps.domain.ports import BusPort
from apps.pipeline.flow import DEAD_LETTERS


@dataclass(frozen=True, slots=True)
class Letter:
    """One message put aside. `number`: its offset on the dead-letter topic; `offset`: where it stood on `topic`."""

    number: int
    stage: str
    reason: str
    topic: str
    partition: int
    offset: int
    key: int
    published_ns: int
    payload: bytes

    def as_dict(self) -> dict[str, Any]:
        """For people: the payload decoded where it can be, else its first bytes."""
        return {
            "number": self.number,
            "stage": self.stage,
            "reason": self.reason,
            "place": f"{self.topic}/{self.partition}@{self.offset}",
            "key": self.key,
            "published_at": utc(self.published_ns).isoformat(),
            "content": self.content(),
        }

    def content(self) -> str:
        """What the payload says."""
        try:
            return str(codecs.decode(self.payload))
        except BadData:
            pass
        try:
            kind, rows, _ = frames.decode(self.payload)
        except BadData:
            return f"{len(self.payload)} bytes that this version cannot read: {self.payload[:32].hex(' ')}"
        name = {frames.TICKS: "ticks", frames.CANDLES: "candles"}[kind]
        return f"a frame of {len(rows)} {name} of instruments {sorted(set(rows['instrument'].tolist()))[:10]}"


def letters_read(bus: BusPort) -> list[Letter]:
    """All dead letters still kept, oldest first. Looking changes nothing: no place is committed."""
    reader = bus.consumer(f"dead-letters-{uuid.uuid4().hex[:8]}", [DEAD_LETTERS])
    try:
        waiting, letters = reader.lag(), list[Letter]()
        while len(letters) < waiting:
            messages = reader.poll(timeout_s=10.0)
            if not messages:
                break
            letters += [_letter(message.offset, message.payload) for message in messages]
    finally:
        reader.close()
    return letters


def letter_replay(bus: BusPort, letter: Letter) -> int:
    """Send the message again to the topic it came from, with its key; returns its new offset.

    It is a new message behind all others of its key. Who has already had its effect recognises it by the
    ids it carries; what failed for a reason that still holds becomes a dead letter once more.
    """
    return bus.publish(letter.topic, letter.key, letter.payload, timeout_s=30.0)


def _letter(number: int, payload: bytes) -> Letter:
    fields = msgspec.json.decode(payload)
    return Letter(number=number, **{**fields, "payload": b64decode(fields["payload"])})
