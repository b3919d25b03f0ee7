"""The stage host: downstream first, commits after work, and never stops for one bad message."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

import msgspec
import pytest

from apps.bus.memory import MemoryBus
from apps.bus.topics import Topic
from apps.domain.errors import BadData, BrokerUnavailable
from apps.domain.ports import Message
from apps.pipeline.flow import DEAD_LETTERS
from apps.pipeline.host import StageHost

KIB = 1024


class Step:
    """A stage that passes on what it reads, and notes it."""

    def __init__(
        self,
        name: str,
        reads: str,
        writes: str = "",
        does: Callable[[Message], None] | None = None,
        noted: Sequence = (),
    ) -> None:
        self.name, self.reads, self.writes = name, (reads,), (writes,) if writes else ()
        self.bus: MemoryBus | None = None
        self.does = does or (lambda message: None)
        self.noted = noted if isinstance(noted, list) else []
        self.handled: list[bytes] = []
        self.idled = 0
        self.closed = False

    def handle(self, messages: list[Message]) -> None:
        for message in messages:
            self.does(message)
            for topic in self.writes:
                self.bus.publish(topic, message.key, message.payload)
            self.handled.append(message.payload)
            self.noted.append((self.name, message.payload))

    def idle(self) -> None:
        self.idled += 1

    def close(self) -> None:
        self.closed = True


def bus_of(*names: str, capacity: int = 64 * KIB) -> MemoryBus:
    return MemoryBus([Topic(name, "key", 2, capacity, capacity) for name in (*names, DEAD_LETTERS)])


def host_of(bus: MemoryBus, *steps: Step, strict: bool = False, batch: int = 64) -> StageHost:
    for step in steps:
        step.bus = bus
    return StageHost(bus, steps, strict=strict, batch=batch)


def test_what_is_furthest_along_goes_first() -> None:
    bus, noted = bus_of("a", "b"), []
    first, last = Step("aggregate", "a", "b", noted=noted), Step("broadcast", "b", noted=noted)
    host = host_of(bus, last, first, batch=1)
    for text in (b"1", b"2"):
        bus.publish("a", 0, text)
    host.run_until_quiet()
    assert noted == [("aggregate", b"1"), ("broadcast", b"1"), ("aggregate", b"2"), ("broadcast", b"2")]


def test_a_stage_whose_output_is_full_waits_until_its_reader_caught_up() -> None:
    bus = bus_of("a", "b", capacity=10)
    step = Step("aggregate", "a", "b")
    host = host_of(bus, step)
    reader = bus.consumer("elsewhere", ["b"])
    bus.publish("b", 0, b"x" * 10)
    bus.publish("a", 0, b"1")
    assert not host.turn() and step.handled == []
    reader.poll()
    reader.commit()
    assert host.turn() and step.handled == [b"1"]


def test_one_bad_message_is_tried_again_then_put_aside_and_the_rest_goes_on() -> None:
    tried: list[bytes] = []

    def refuse(message: Message) -> None:
        tried.append(message.payload)
        if message.payload == b"bad":
            raise BadData("cannot be true")

    bus = bus_of("a")
    step = Step("aggregate", "a", does=refuse)
    host = host_of(bus, step)
    for text in (b"bad", b"good"):
        bus.publish("a", 0, text)
    host.run_until_quiet()
    assert step.handled == [b"good"]
    assert tried == [b"bad", b"bad", b"good"]
    letter = msgspec.json.decode(bus.read(DEAD_LETTERS, 0, 0))
    assert (letter["stage"], letter["topic"], letter["offset"]) == ("aggregate", "a", 0)
    assert letter["reason"] == "BadData: cannot be true" and letter["payload"] == "YmFk"
    (stage,) = host.health()["stages"]
    assert (stage["errors"], stage["dead"], stage["lag"]) == (2, 1, 0)


def test_an_error_that_passes_keeps_the_message_and_its_order() -> None:
    failures = iter([BrokerUnavailable("down"), BrokerUnavailable("still down")])

    def shaky(message: Message) -> None:
        error = next(failures, None)
        if error:
            raise error

    bus = bus_of("a")
    step = Step("aggregate", "a", does=shaky)
    host = host_of(bus, step)
    for text in (b"1", b"2", b"3"):
        bus.publish("a", 0, text)
    host.run_until_quiet()
    assert step.handled == [b"1", b"2", b"3"]
    assert host.health()["stages"][0]["dead"] == 0


def test_strict_lets_the_error_out() -> None:
    def refuse(message: Message) -> None:
        raise BadData("cannot be true")

    bus = bus_of("a")
    host = host_of(bus, Step("aggregate", "a", does=refuse), strict=True)
    bus.publish("a", 0, b"1")
    with pytest.raises(BadData):
        host.run_until_quiet()


def test_what_was_not_committed_comes_again_to_the_next_host() -> None:
    bus = bus_of("a")
    broken = host_of(bus, Step("aggregate", "a", does=lambda message: 1 / 0), strict=True)
    bus.publish("a", 0, b"1")
    with pytest.raises(ZeroDivisionError):
        broken.run_until_quiet()
    broken.stop()
    healed = Step("aggregate", "a")
    host_of(bus, healed).run_until_quiet()
    assert healed.handled == [b"1"]


def test_in_its_thread_it_drains_everything_before_it_ends() -> None:
    bus = bus_of("a", "b")
    first, last = Step("aggregate", "a", "b"), Step("broadcast", "b", does=lambda message: time.sleep(0.001))
    host = host_of(bus, first, last)
    host.start()
    texts = [b"%d" % number for number in range(50)]
    for text in texts:
        bus.publish("a", 0, text)
    assert host.health()["alive"]
    assert host.drain(10.0)
    assert last.handled == texts and first.closed and last.closed
    assert not host.health()["alive"]


def test_a_drain_that_cannot_finish_says_so_and_ends() -> None:
    def down(message: Message) -> None:
        raise BrokerUnavailable("down")

    bus = bus_of("a")
    host = host_of(bus, Step("aggregate", "a", does=down))
    host.start()
    bus.publish("a", 0, b"1")
    assert not host.drain(0.2)
    assert not host.health()["alive"]


def test_a_message_wakes_the_host_at_once() -> None:
    arrived = threading.Event()
    bus = bus_of("a")
    host = host_of(bus, Step("aggregate", "a", does=lambda message: arrived.set()))
    host.start()
    time.sleep(0.06)  # it sleeps by now
    bus.publish("a", 0, b"1")
    assert arrived.wait(1.0)
    assert host.stop()


def test_a_stage_without_messages_idles_while_another_is_busy() -> None:
    bus = bus_of("a", "b")
    busy, quiet = Step("aggregate", "a", does=lambda message: time.sleep(0.002)), Step("broadcast", "b")
    host = host_of(bus, busy, quiet, batch=1)
    for _ in range(100):
        bus.publish("a", 0, b"1")
    host.start()
    assert host.drain(10.0)
    assert quiet.idled >= 2
