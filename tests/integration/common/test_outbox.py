"""A message leaves with the change it tells of, in order, at least once."""

from threading import Thread

import pytest
from django.db import connection, transaction

from apps.bus.memory import MemoryBus
from apps.common.models import Outbox
from apps.common.outbox import outbox_add, outbox_flush, outbox_size
from apps.domain.errors import BrokerUnavailable
from apps.pipeline.flow import ORDERS, SIGNALS

pytestmark = pytest.mark.django_db


@pytest.fixture
def bus():
    bus = MemoryBus()
    yield bus
    bus.close()


class Refusing:
    """A bus that takes `room` messages and has no room after that."""

    def __init__(self, room: int) -> None:
        self.room, self.took = room, []

    def post(self, topic, key, payload, timeout_s=None):
        if len(self.took) == self.room:
            raise BrokerUnavailable("no room")
        self.took.append(payload)

    def flush(self, timeout_s=None):
        pass


def add(*payloads: bytes, key: int = 1, topic: str = ORDERS) -> None:
    with transaction.atomic():
        for payload in payloads:
            outbox_add(topic, key, payload)


@pytest.mark.django_db(transaction=True)
def test_a_message_outside_a_transaction_is_refused():
    with pytest.raises(RuntimeError, match="outside a transaction"):
        outbox_add(ORDERS, 1, b"x")


def test_a_change_that_is_rolled_back_says_nothing(bus):
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        outbox_add(ORDERS, 1, b"x")
        raise ZeroDivisionError
    assert outbox_flush(bus) == 0


def test_messages_go_out_in_the_order_they_were_left_and_are_forgotten(bus):
    payloads = [b"%d" % n for n in range(700)]  # more than two batches
    add(*payloads)
    reader = bus.consumer("test", [ORDERS])
    assert outbox_flush(bus) == 700
    assert [m.payload for _ in range(20) for m in reader.poll(limit=64)] == payloads
    assert outbox_size() == 0
    assert outbox_flush(bus) == 0


def test_each_topic_gets_its_own(bus):
    readers = {topic: bus.consumer("test", [topic]) for topic in (ORDERS, SIGNALS)}
    add(b"order", topic=ORDERS)
    add(b"signal", topic=SIGNALS)
    outbox_flush(bus)
    assert {topic: [m.payload for m in reader.poll()] for topic, reader in readers.items()} == {
        ORDERS: [b"order"],
        SIGNALS: [b"signal"],
    }


def test_what_finds_no_room_keeps_its_place():
    add(b"1", b"2", b"3")
    full = Refusing(room=2)
    assert outbox_flush(full) == 2
    assert [bytes(row.payload) for row in Outbox.objects.all()] == [b"3"]
    free = Refusing(room=9)
    assert outbox_flush(free) == 1 and free.took == [b"3"]


def test_a_crash_after_publishing_publishes_again_rather_than_lose(monkeypatch):
    add(b"1", b"2")
    first = Refusing(room=9)
    with monkeypatch.context() as dying:
        dying.setattr("apps.common.outbox._forget", lambda sent: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            outbox_flush(first)
    second = Refusing(room=9)
    assert outbox_flush(second) == 2
    assert first.took == second.took == [b"1", b"2"]


def test_a_bus_that_breaks_leaves_the_unsent_and_forgets_the_sent():
    class Breaking(Refusing):
        def post(self, *args):
            if len(self.took) == 1:
                raise OSError("cable out")
            return super().post(*args)

    add(b"1", b"2")
    with pytest.raises(OSError, match="cable out"):
        outbox_flush(Breaking(room=9))
    assert [bytes(row.payload) for row in Outbox.objects.all()] == [b"2"]


def test_what_was_sent_and_did_not_arrive_goes_out_again():
    class Slow(Refusing):
        def flush(self, timeout_s=None):
            raise BrokerUnavailable("the brokers are away")

    add(b"1")
    with pytest.raises(BrokerUnavailable):
        outbox_flush(Slow(room=9))
    again = Refusing(room=9)
    assert outbox_flush(again) == 1 and again.took == [b"1"]


@pytest.mark.django_db(transaction=True)
def test_many_threads_that_flush_at_once_send_each_message_once_and_in_order():
    add(*[b"%04d" % n for n in range(400)])
    free = Refusing(room=10**6)

    def flush():
        outbox_flush(free, batch=16)
        connection.close()

    threads = [Thread(target=flush) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert free.took == [b"%04d" % n for n in range(400)]
