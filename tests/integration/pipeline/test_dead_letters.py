"""Dead letters are read without being touched, and go back to where they came from."""

from __future__ import annotations

from decimal import Decimal

import pytest

from apps.bus.codecs import encode
from apps.bus.memory import MemoryBus
from apps.bus.topics import Topic
from apps.domain.messages import Advance, Fill, Side
from apps.pipeline.dead_letters import letter_replay, letters_read
from apps.pipeline.flow import DEAD_LETTERS
from apps.pipeline.host import StageHost

FILL = Fill("f1", "o1", 7, 1, Side.BUY, Decimal(2), Decimal("10.5"), Decimal(0), "USD", 1_000)


class Picky:
    """A stage that cannot stand fills until it is mended."""

    name, reads, writes = "picky", ("orders",), ()

    def __init__(self) -> None:
        self.mended = False
        self.handled: list[bytes] = []

    def handle(self, messages: list) -> None:
        for message in messages:
            if b"Fill" in message.payload and not self.mended:
                raise ValueError("no fills please")
            self.handled.append(message.payload)


@pytest.fixture
def path():
    bus = MemoryBus([Topic("orders", "account"), Topic(DEAD_LETTERS, "account", partitions=1)])
    stage = Picky()
    yield bus, stage, StageHost(bus, [stage])
    bus.close()


def test_a_message_that_failed_is_read_with_its_reason_and_its_content(path) -> None:
    bus, stage, host = path
    bus.publish("orders", 7, encode(FILL))
    bus.publish("orders", 7, b"garbage")
    host.run_until_quiet()
    (letter,) = letters_read(bus)
    assert (letter.stage, letter.topic, letter.key, letter.offset) == ("picky", "orders", 7, 0)
    assert "no fills please" in letter.reason and "fill_id='f1'" in letter.content()
    assert letters_read(bus) == [letter]
    assert stage.handled == [b"garbage"]


def test_a_replayed_letter_is_handled_once_its_cause_is_mended(path) -> None:
    bus, stage, host = path
    bus.publish("orders", 7, encode(FILL))
    host.run_until_quiet()
    stage.mended = True
    (letter,) = letters_read(bus)
    assert letter_replay(bus, letter) == 1
    bus.publish("orders", 7, encode(Advance(1, 7, 1, 5)))
    host.run_until_quiet()
    assert stage.handled == [encode(FILL), encode(Advance(1, 7, 1, 5))]


def test_what_cannot_be_read_is_shown_as_bytes(path) -> None:
    bus, _, host = path
    bus.publish("orders", 7, b"\x00Fill")
    host.run_until_quiet()
    assert letters_read(bus)[0].content().startswith("5 bytes that this version cannot read: 00 46")
