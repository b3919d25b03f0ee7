"""A Celery worker hosts the stages, and a chore sent to it is done, all inside this process."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from celery import shared_task

from apps.bus.memory import MemoryBus
from apps.common import health
from apps.domain.errors import Misconfigured
from apps.domain.ports import Message
from apps.pipeline.worker import EmbeddedWorker
from celery_app import BEAT, app
from velox.wiring import System, system_set

done: list[str] = []


@shared_task(name="tests.note")
def note(text: str) -> None:
    done.append(text)


class Reader:
    name, reads, writes = "aggregate", ("velox.ticks",), ()

    def __init__(self) -> None:
        self.seen: list[bytes] = []
        self.closed = False

    def handle(self, messages: list[Message]) -> None:
        time.sleep(0.01)
        self.seen += [message.payload for message in messages]

    def close(self) -> None:
        self.closed = True


class OneStage(System):
    def __init__(self, stage: Reader) -> None:
        super().__init__(bus=MemoryBus())
        self.stage = stage

    def stages(self, names: object = ()) -> list[Reader]:
        return [self.stage]


@pytest.fixture
def stage() -> Iterator[Reader]:
    app.conf.beat_schedule = {}  # only the chore that the test sends
    reader = Reader()
    system_set(OneStage(reader))
    yield reader
    app.conf.beat_schedule = BEAT
    system_set(None)
    health.unregister("stages")


@pytest.mark.django_db(transaction=True)
def test_the_worker_runs_the_stages_does_a_chore_and_drains_before_it_ends(stage: Reader) -> None:
    from velox.wiring import system

    worker = EmbeddedWorker(app)
    worker.start()
    assert health.report()["stages"] == ""
    note.delay("a chore")
    texts = [b"%d" % number for number in range(100)]
    for text in texts:
        system().bus.publish("velox.ticks", 1, text)
    deadline = time.monotonic() + 10
    while not done and time.monotonic() < deadline:
        time.sleep(0.01)
    assert worker.stop()
    assert done == ["a chore"]
    assert stage.seen == texts and stage.closed
    assert "drained" in health.report()["stages"]


def test_a_stage_that_does_not_exist_is_named_with_those_that_do() -> None:
    with pytest.raises(Misconfigured, match="VELOX_STAGES names divide; there are aggregate, decide"):
        System(bus=MemoryBus()).stages(["divide"])
