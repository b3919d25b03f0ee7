"""The door answers before anything else does, and hands its socket on without refusing anybody."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.client import HTTPConnection

import pytest

from apps.pipeline.startup import Startup
from velox.door import Door


@pytest.fixture
def startup() -> Startup:
    made = Startup()
    made.plan(migrate="Preparing <the database>", compile="Compiling")
    return made


@pytest.fixture
def door(startup: Startup) -> Iterator[Door]:
    made = Door("127.0.0.1", 0, startup)
    yield made
    made.socket.close()


def get(port: int, path: str) -> tuple[int, str]:
    caller = HTTPConnection("127.0.0.1", port, timeout=5)
    caller.request("GET", path)
    answer = caller.getresponse()
    return answer.status, answer.read().decode()


def test_it_is_live_at_once_and_not_ready_with_the_reason(door: Door, startup: Startup) -> None:
    assert get(door.port, "/health/live") == (200, '{"status": "live"}')
    with startup.step("migrate"):
        status, text = get(door.port, "/health/ready?x=1")
    told = json.loads(text)
    assert status == 503
    assert told["checks"] == {"startup": "Preparing <the database>"}
    assert [step["name"] for step in told["startup"]["steps"]] == ["migrate", "compile"]


def test_a_page_tells_people_how_far_it_is(door: Door) -> None:
    status, page = get(door.port, "/orders/")
    assert status == 503
    assert "Velox is starting" in page and "Preparing &lt;the database&gt;" in page


def test_who_says_nothing_does_not_keep_others_waiting_for_long(door: Door) -> None:
    with socket.create_connection(("127.0.0.1", door.port)):
        began = time.monotonic()
        assert get(door.port, "/health/live")[0] == 200
        assert time.monotonic() - began < 4


def test_a_caller_during_the_change_is_answered_by_the_next_server(door: Door) -> None:
    taken = door.hand_over()
    answers: list[bytes] = []
    caller = threading.Thread(target=lambda: answers.append(ask(door.port)))
    caller.start()
    taken.settimeout(5)
    connection, _ = taken.accept()
    with connection:
        connection.recv(100)
        connection.sendall(b"the next")
    caller.join(5)
    assert answers == [b"the next"]


def ask(port: int) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=5) as caller:
        caller.sendall(b"GET / HTTP/1.1\r\n\r\n")
        return caller.recv(100)


def test_it_needs_nothing_that_takes_long_to_import() -> None:
    heavy = "import velox.door, sys; print([m for m in ('django', 'numpy', 'numba', 'uvicorn') if m in sys.modules])"
    assert subprocess.run([sys.executable, "-c", heavy], capture_output=True, text=True).stdout.strip() == "[]"
