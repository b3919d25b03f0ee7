"""Starting and stopping by process id, and never touching a process that is not ours.

A process id alone may have been reused after a crash or a reboot. So each server's record also holds
the moment it was started (clock ticks since boot, from the kernel) and the boot it belongs to: only a
process that agrees in all three is ours. The child writes the record itself before it becomes the
server, so there is no instant at which a started server is unrecorded.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Record:
    """Which process a server is."""

    pid: int
    started_ticks: int
    boot_id: str

    def alive(self) -> bool:
        return self.boot_id == _boot_id() and started_ticks(self.pid) == self.started_ticks


def started_ticks(pid: int) -> int | None:
    """When `pid` was started, in clock ticks since boot; None when there is no such process or only its remains."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = text.rpartition(")")[2].split()  # the command before it may hold blanks and brackets
    return None if fields[0] in "ZX" else int(fields[19])


def read_record(path: Path) -> Record | None:
    """The living process of this record; None when it has ended (the record is then removed)."""
    try:
        record = Record(**json.loads(path.read_text()))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError):  # torn by a crash of the machine while it was written
        record = None
    if record is None or not record.alive():
        path.unlink(missing_ok=True)
        return None
    return record


def start(path: Path, command: Sequence[str], log: Path, environment: Mapping[str, str] | None = None) -> int:
    """Start `command` in a session of its own, output appended to `log`; returns its process id."""

    def write_record() -> None:
        pid = os.getpid()
        draft = path.with_suffix(".draft")
        draft.write_text(json.dumps({"pid": pid, "started_ticks": started_ticks(pid), "boot_id": _boot_id()}))
        draft.replace(path)

    path.parent.mkdir(parents=True, exist_ok=True)
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        child = subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(environment or {})},
            start_new_session=True,
            preexec_fn=write_record,
        )
    child.returncode = 0  # it outlives us on purpose: nobody waits for it here
    return child.pid


def ask_to_stop(path: Path, how: signal.Signals) -> Record | None:
    """Send `how` to the recorded process if it still is ours."""
    record = read_record(path)
    if record is not None:
        _send(record, how)
    return record


def wait_until_gone(record: Record, path: Path, limit_s: float) -> bool:
    """True when it ended by itself; after `limit_s` it is killed and the answer is False."""
    until = time.monotonic() + limit_s
    while record.alive() and time.monotonic() < until:
        _reap(record.pid)
        time.sleep(0.05)
    gone = not record.alive()
    if not gone:
        _send(record, signal.SIGKILL)
        while record.alive():
            _reap(record.pid)
            time.sleep(0.02)
    path.unlink(missing_ok=True)
    return gone


def _send(record: Record, how: signal.Signals) -> None:
    """A handle on the process is opened before it is looked at again, so the id cannot change hands in between."""
    try:
        handle = os.pidfd_open(record.pid)
    except ProcessLookupError:
        return
    try:
        if record.alive():
            signal.pidfd_send_signal(handle, how)
    except ProcessLookupError:
        pass
    finally:
        os.close(handle)


def _reap(pid: int) -> None:
    """Collect it if it is our own child; a server started by an earlier run is not, and init collects it."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)


def _boot_id() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
