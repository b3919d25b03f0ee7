"""A clone of this checkout, and Velox running in it by `make run`."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import httpx

ROOT = Path(__file__).resolve().parent.parent.parent


class Failure(Exception):
    """The smoke found something broken."""


def clone(into: Path) -> Path:
    """What is committed here, and nothing else that happens to lie around."""
    subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", str(ROOT), str(into)], check=True)
    return into


def free_port() -> int:
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


class Running:
    """`make run` in a folder, from its start to its end. Times count from the moment make was called."""

    def __init__(self, folder: Path, port: int, log: Path, **variables: str) -> None:
        self.port, self.log = port, log
        self.url = f"http://127.0.0.1:{port}"
        self._out: IO[bytes] = log.open("wb")
        self.began = time.monotonic()
        self.make = subprocess.Popen(
            ["make", "run", f"PORT={port}", *(f"{name}={value}" for name, value in variables.items())],
            cwd=folder,
            stdout=self._out,
            stderr=subprocess.STDOUT,
            env=_clean_environment(),
            start_new_session=True,
        )

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.began

    def wait_for(self, path: str, status: int, timeout_s: float) -> float:
        """Seconds until `path` answers with `status`."""
        while self.seconds < timeout_s:
            if self.make.poll() is not None:
                raise Failure(f"make run ended with {self.make.returncode}:\n{self.tail()}")
            try:
                if httpx.get(self.url + path, timeout=5).status_code == status:
                    return self.seconds
            except httpx.TransportError:
                pass
            time.sleep(0.05)
        raise Failure(f"{path} did not answer {status} within {timeout_s:.0f} s:\n{self.tail()}")

    def interrupt(self, timeout_s: float = 60) -> float:
        """Ctrl-C for Velox itself, so that make's exit code is Velox's own; returns the seconds it took."""
        began = time.monotonic()
        os.kill(_child_named(self.make.pid, "velox_run"), signal.SIGINT)
        code = self.make.wait(timeout_s)
        if code:
            raise Failure(f"it ended with {code} instead of 0:\n{self.tail()}")
        if "everything is saved" not in self.text():
            raise Failure(f"it did not say that everything is saved:\n{self.tail()}")
        return time.monotonic() - began

    def kill(self) -> None:
        """Whatever is left of it."""
        if self.make.poll() is None:
            os.killpg(self.make.pid, signal.SIGKILL)
            self.make.wait()
        self._out.close()

    def text(self) -> str:
        return self.log.read_text("utf-8", "replace")

    def tail(self, lines: int = 40) -> str:
        return "\n".join(self.text().splitlines()[-lines:])


def sign_in(url: str, username: str, password: str) -> dict[str, str]:
    """The cookies of a session, got through the sign-in page as a browser does."""
    with httpx.Client(base_url=url, follow_redirects=True, headers={"Origin": url}) as browser:
        page = browser.get("/login/").text
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        if token is None:
            raise Failure(f"the sign-in page has no form:\n{page[:500]}")
        form = {"username": username, "password": password, "csrfmiddlewaretoken": token.group(1)}
        answer = browser.post("/login/", data=form)
        if "sessionid" not in browser.cookies:
            raise Failure(f"signing in as {username} answered {answer.status_code} and no session")
        if (home := browser.get("/")).status_code != 200:
            raise Failure(f"the first page answered {home.status_code}:\n{home.text[:500]}")
        return dict(browser.cookies)


def _child_named(parent: int, word: str) -> int:
    """Process id of the descendant whose command line holds `word`."""
    rows = list(_processes())
    family = {parent}
    for _ in range(4):
        family |= {pid for pid, above, _ in rows if above in family}
    found = [pid for pid, _, command in rows if pid in family and word in command and "python" in command]
    if not found:
        raise Failure(f"no process of {parent} runs {word}")
    return max(found)


def _processes() -> Iterator[tuple[int, int, str]]:
    """(id, parent's id, command line) of all there are."""
    for place in Path("/proc").iterdir() if Path("/proc/self").exists() else ():
        with suppress(OSError, ValueError):
            status = (place / "stat").read_text().rpartition(")")[2].split()
            yield int(place.name), int(status[1]), (place / "cmdline").read_text().replace("\0", " ")
    if not Path("/proc/self").exists():
        listed = subprocess.run(["ps", "-eo", "pid=,ppid=,args="], capture_output=True, text=True, check=True).stdout
        for line in listed.splitlines():
            pid, above, command = line.split(None, 2)
            yield int(pid), int(above), command


def _clean_environment() -> dict[str, Any]:
    """Nothing of the caller's own installation may shine through."""
    ours = ("DJANGO_SETTINGS_MODULE", "VELOX_VAR", "DATA", "SPEED", "PORT", "HOST", "MAKEFLAGS", "MFLAGS", "MAKELEVEL")
    return {name: value for name, value in os.environ.items() if name not in ours and not name.startswith("COV_")}
