"""Three real brokers, one of them killed: nothing that was published is lost, doubled or out of order."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import uuid
from pathlib import Path

import pytest

from apps.bus.kafka import KafkaBus
from apps.bus.topics import Topic
from apps.domain.ports import Message

ROOT = Path(__file__).resolve().parents[2]
ORDERS = Topic("orders", "account", retention_h=1)
HOME = Path(os.environ.get("VELOX_SERVICES_HOME") or ROOT / "var" / "services")

pytestmark = pytest.mark.skipif(
    not (os.environ.get("VELOX_TEST_SERVICES") and os.environ.get("KAFKA_BOOTSTRAP")),
    reason="VELOX_TEST_SERVICES and KAFKA_BOOTSTRAP are not set: no brokers that may be killed",
)


@pytest.fixture
def bus():
    bus = KafkaBus(os.environ["KAFKA_BOOTSTRAP"], [ORDERS], prefix=f"fault-{uuid.uuid4().hex[:6]}.")
    yield bus
    bus.close()


def services(*arguments: str) -> None:
    command = [sys.executable, "-m", "deploy.services", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


def test_a_broker_killed_under_load_and_started_again_loses_nothing(bus: KafkaBus) -> None:
    count, keys = 3000, 8
    killed = threading.Event()

    def publish() -> None:
        for number in range(count):
            bus.post("orders", number % keys, b"%d" % number)
            if number == count // 3:
                os.kill(json.loads((HOME / "run" / "kafka-2.json").read_text())["pid"], signal.SIGKILL)
                killed.set()
        bus.flush(timeout_s=60)

    consumer = bus.consumer("g", ["orders"])
    publisher = threading.Thread(target=publish)
    publisher.start()
    got: list[Message] = []
    while len(got) < count:
        found = consumer.poll(timeout_s=60)
        assert found, f"only {len(got)} of {count} came"
        got += found
        consumer.commit()
    publisher.join()
    assert killed.is_set()
    services("up", "kafka-2")
    bus.publish("orders", 0, b"after", timeout_s=30)
    last = consumer.poll(timeout_s=30)
    assert [message.payload for message in last] == [b"after"]
    for key in range(keys):
        assert [int(m.payload) for m in got if m.key == key] == list(range(key, count, keys))


def test_a_member_paused_past_its_session_gives_up_its_place_and_comes_back(bus: KafkaBus) -> None:
    """A process that stands still (SIGSTOP) is replaced within the session's six seconds."""
    child = subprocess.Popen(
        [sys.executable, "-c", MEMBER, os.environ["KAFKA_BOOTSTRAP"], bus._prefix],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert child.stdout.readline() == "joined\n"
        os.kill(child.pid, signal.SIGSTOP)
        for key in range(4):
            bus.publish("orders", key, b"x")
        ours = bus.consumer("g", ["orders"])
        got: set[int] = set()
        while len(got) < 4:
            found = ours.poll(timeout_s=15)
            assert found, f"only the keys {got} came within 15 s"
            got |= {message.key for message in found}
            ours.commit()
        os.kill(child.pid, signal.SIGCONT)
        child.stdout.readline()  # it polls again, and the group has two members
        bus.publish("orders", 0, b"y")
        bus.flush()
        assert child.poll() is None
    finally:
        child.kill()
        child.wait()


MEMBER = """
import sys
from apps.bus.kafka import KafkaBus
from apps.bus.topics import Topic

bus = KafkaBus(sys.argv[1], [Topic("orders", "account", retention_h=1)], prefix=sys.argv[2])
member = bus.consumer("g", ["orders"])
print("joined", flush=True)
while True:
    if member.poll(timeout_s=1.0):
        member.commit()
    print("polled", flush=True)
"""
