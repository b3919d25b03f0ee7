"""The whole cluster shape on this machine: `python3 -m deploy.services.cluster`. One log, one Ctrl-C.

Brings the servers up, then runs each process the compose file has, restarts what ends by itself, and on
Ctrl-C ends them from the market downwards: feeds, workers (who finish what is on the bus), doors. Servers
that ran before keep running.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from . import process
from .__main__ import down, up
from .base import Server
from .home import HOST, PROJECT, Home, Refused
from .one_origin import OneOrigin
from .servers import SERVERS

SETTLED_S = 20.0  # a process that ran this long may be started again at once
STOP_S = 45.0


@dataclass
class Part:
    """One process of the cluster. `order`: who has the lowest is ended first."""

    name: str
    command: Sequence[str]
    order: int
    environment: Mapping[str, str] = field(default_factory=dict)
    restarts: int = 0


def parts(workers: int, port: int) -> list[Part]:
    """What the compose file runs, `workers` times where work is shared."""
    worker = ["-m", "celery", "-A", "celery_app", "worker", "--pool", "threads", "--concurrency", "1"]
    stages = {"VELOX_STAGES": "aggregate,guard,route,settle,broadcast"}
    web = ["-m", "granian", "--interface", "wsgi", "velox.wsgi:application", "--host", HOST, "--port", str(port + 1)]
    found = [
        Part("gateway", ["manage.py", "velox_gateway"], 0),
        Part("chores", [*worker, "-Q", "celery", "-n", "chores@%h"], 1, {"VELOX_STAGES": "none"}),
        Part("beat", ["-m", "celery", "-A", "celery_app", "beat", "--schedule", "{var}/schedule", "--pidfile="], 1),
        Part("web", [*web, "--workers", "1"], 3),
        Part("live", ["manage.py", "velox_live", "--host", HOST, "--port", str(port + 2)], 3),
    ]
    for number in range(1, workers + 1):
        found.append(Part(f"stages-{number}", [*worker, "-Q", "stages", "-n", f"stages{number}@%h"], 2, stages))
        found.append(
            Part(
                f"strategies-{number}",
                [*worker, "-Q", "strategies", "-n", f"strategies{number}@%h"],
                2,
                {"VELOX_STAGES": "decide"},
            )
        )
    return found


class Cluster:
    """The running parts; everything happens on one event loop."""

    def __init__(self, python: str, environment: Mapping[str, str], chosen: Sequence[Part]) -> None:
        self._python, self._environment, self._parts = python, environment, chosen
        self._running: dict[str, asyncio.subprocess.Process] = {}
        self._ending = asyncio.Event()

    async def run(self, origin: OneOrigin) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, self._ending.set)
        keepers = [asyncio.create_task(self._keep(part)) for part in self._parts]
        door = asyncio.create_task(origin.serve())
        say("cluster", f"http://localhost:{origin.port}/   Ctrl-C ends it")
        await self._ending.wait()
        door.cancel()
        for order in sorted({part.order for part in self._parts}):
            await asyncio.gather(*(self._stop(part) for part in self._parts if part.order == order))
        await asyncio.gather(*keepers)

    async def _keep(self, part: Part) -> None:
        """Run the part until the end, again and again; more slowly when it does not stay up."""
        while not self._ending.is_set():
            began = time.monotonic()
            code = await self._once(part)
            if self._ending.is_set():
                return
            part.restarts = 0 if time.monotonic() - began > SETTLED_S else part.restarts + 1
            wait = min(0.5 * 2**part.restarts, 15.0)
            say(part.name, f"ended with {code}; again in {wait:.1f} s")
            try:
                await asyncio.wait_for(self._ending.wait(), wait)
            except asyncio.TimeoutError:
                continue

    async def _once(self, part: Part) -> int:
        folder = PROJECT / "var" / "cluster" / part.name
        folder.mkdir(parents=True, exist_ok=True)
        running = await asyncio.create_subprocess_exec(
            self._python,
            *(word.format(var=folder) for word in part.command),
            cwd=PROJECT,
            env={**os.environ, **self._environment, **part.environment, "VELOX_VAR": str(folder)},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            limit=1 << 20,
            start_new_session=True,  # Ctrl-C reaches us alone: we decide who ends when
        )
        self._running[part.name] = running
        assert running.stdout is not None
        async for line in running.stdout:
            say(part.name, line.decode(errors="replace").rstrip())
        return await running.wait()

    async def _stop(self, part: Part) -> None:
        running = self._running.get(part.name)
        if running is None or running.returncode is not None:
            return
        running.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(running.wait(), STOP_S)
        except asyncio.TimeoutError:
            say(part.name, f"did not end within {STOP_S:.0f} s and is killed")
            running.kill()


def say(name: str, text: str) -> None:
    print(f"{name:<13} | {text}", flush=True)


def prepare(python: str, environment: Mapping[str, str]) -> None:
    """Migrate past the pool, and put demo data into an empty installation, as `make run` does."""
    direct = {**os.environ, **environment, "DATABASE_URL": environment["DATABASE_DIRECT_URL"]}
    for words in (["migrate", "--noinput", "--verbosity", "0"], ["velox_demo", "--verbosity", "0"]):
        done = subprocess.run([python, "manage.py", *words], cwd=PROJECT, env=direct, check=False)
        if done.returncode != 0:
            raise Refused(f"manage.py {words[0]} failed ({done.returncode})")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python3 -m deploy.services.cluster", description=__doc__)
    parser.add_argument("--python", default=sys.executable, help="the interpreter of Velox's environment")
    parser.add_argument("--workers", type=int, default=1, help="how many workers for stages, and for strategies")
    parser.add_argument("--port", type=int, default=int(os.environ.get("PORT") or 8000))
    asked = parser.parse_args()
    try:
        home = Home.from_environment()
        servers: list[Server] = [make(home) for make in SERVERS.values()]
        ours = [server for server in servers if process.read_record(server.record) is None]
        if code := up(home, servers):
            return code
        environment = {**home.environment(), "PORT": str(asked.port)}
        try:
            python = str(Path(asked.python).absolute())
            prepare(python, environment)
            cluster = Cluster(python, environment, parts(asked.workers, asked.port))
            asyncio.run(cluster.run(OneOrigin(asked.port, asked.port + 1, asked.port + 2)))
        finally:
            down(home, ours)
    except Refused as refused:
        print(f"cluster: {refused}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
