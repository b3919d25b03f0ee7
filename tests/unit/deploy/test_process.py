"""Servers are ended by process id, and only those we started."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from deploy.services import process

SLEEP = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(60)"]
DEAF = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)",
]


def start_and_wait(tmp_path: Path, command: list[str]) -> tuple[Path, int]:
    record, log = tmp_path / "run" / "it.json", tmp_path / "log" / "it.log"
    pid = process.start(record, command, log)
    while "up" not in log.read_text():
        pass
    return record, pid


def test_a_started_server_is_recorded_and_ends_when_asked(tmp_path: Path) -> None:
    path, pid = start_and_wait(tmp_path, SLEEP)
    assert process.read_record(path).pid == pid
    record = process.ask_to_stop(path, signal.SIGTERM)
    assert process.wait_until_gone(record, path, limit_s=5)
    assert process.started_ticks(pid) is None and not path.exists()


def test_a_server_that_will_not_end_is_killed_after_the_limit(tmp_path: Path) -> None:
    path, pid = start_and_wait(tmp_path, DEAF)
    record = process.ask_to_stop(path, signal.SIGTERM)
    assert not process.wait_until_gone(record, path, limit_s=0.2)
    assert process.started_ticks(pid) is None


def test_a_foreign_process_under_the_recorded_id_is_left_alone(tmp_path: Path) -> None:
    path, pid = start_and_wait(tmp_path, SLEEP)
    facts = json.loads(path.read_text())
    try:
        for other in ({"started_ticks": facts["started_ticks"] - 1}, {"boot_id": "an earlier boot"}):
            path.write_text(json.dumps({**facts, **other}))
            assert process.ask_to_stop(path, signal.SIGKILL) is None
            assert process.started_ticks(pid) == facts["started_ticks"]
            assert not path.exists()
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def test_a_dead_or_torn_record_counts_as_stopped(tmp_path: Path) -> None:
    gone = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, text=True)
    path = tmp_path / "it.json"
    for text in (json.dumps({"pid": int(gone.stdout), "started_ticks": 1, "boot_id": "x"}), '{"pid": 1', "{}"):
        path.write_text(text)
        assert process.read_record(path) is None
        assert not path.exists()
