"""`python3 -m deploy.services up|down|status|env|exec`: the servers of one home. See docs/services.md."""

from __future__ import annotations

import argparse
import os
import socket
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from . import process
from .base import Server
from .home import HOST, PORTS, Home, Refused, only_one
from .packages import in_tree, kafka_jars, tree
from .servers import SERVERS


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python3 -m deploy.services", description=__doc__)
    parser.add_argument("action", choices=["up", "down", "status", "env", "exec"])
    parser.add_argument(
        "names", nargs=argparse.REMAINDER, help="servers (all when none is named), or a command for exec"
    )
    asked = parser.parse_args(arguments)
    try:
        home = Home.from_environment()
        if os.geteuid() != 0 and asked.action != "env":
            raise Refused(
                "the servers run inside a Debian tree of their own, which takes root: sudo, or docker compose"
            )
        if asked.action == "exec":
            return execute(home, asked.names)
        chosen = [make(home) for name, make in SERVERS.items() if not asked.names or name in asked.names]
        if unknown := set(asked.names) - set(SERVERS):
            raise Refused(f"no server {', '.join(sorted(unknown))}; there are {', '.join(SERVERS)}")
        actions: dict[str, Callable[[Home, list[Server]], int]] = {"up": up, "down": down, "status": status, "env": env}
        return actions[asked.action](home, chosen)
    except Refused as refused:
        print(f"services: {refused}", file=sys.stderr)
        return 1


def up(home: Home, servers: list[Server]) -> int:
    """Start what does not run yet, wait until all answer, print the lines Velox needs."""
    began = time.monotonic()
    with only_one(home.folder(".") / "lock"):
        home.check_ports_kept()
        _fetch(home, servers)
        missing = [server for server in servers if process.read_record(server.record) is None]
        for server in missing:
            _refuse_taken_port(server)
        with ThreadPoolExecutor() as pool:  # the brokers' formatting takes a second of Java each
            list(pool.map(lambda server: server.prepare(), missing))
        for server in missing:
            process.start(server.record, server.command(), server.log)
        for server in servers:
            _wait_until_ready(server, home.wait_s)
        home.write_environment()
    print(f"services: {', '.join(server.name for server in servers)} ready in {time.monotonic() - began:.1f} s")
    return env(home, servers)


def down(home: Home, servers: list[Server]) -> int:
    """Ask all to end, in the opposite order of starting, then wait for each."""
    with only_one(home.folder(".") / "lock"):
        asked = [(server, process.ask_to_stop(server.record, server.stop_signal)) for server in reversed(servers)]
        for server, record in asked:
            if record is None:
                continue
            willing = process.wait_until_gone(record, server.record, server.stop_limit_s)
            print(f"services: {server.name} {'stopped' if willing else 'did not stop in time and was killed'}")
    return 0


def status(home: Home, servers: list[Server]) -> int:
    """One line a server; 0 when all chosen ones answer, 3 otherwise (as service scripts do)."""
    all_ready = True
    for server in servers:
        record = process.read_record(server.record)
        ready = record is not None and server.ready()
        all_ready = all_ready and ready
        state = "ready" if ready else "starting or stuck" if record else "stopped"
        print(f"{server.name:<11} {HOST}:{server.port:<6} {state:<18} {f'pid {record.pid}' if record else ''}".rstrip())
    return 0 if all_ready else 3


def env(home: Home, servers: list[Server]) -> int:
    for name, value in home.environment().items():
        print(f"{name}={value}")
    return 0


def execute(home: Home, command: Sequence[str]) -> int:
    """Become a program of the tree (psql, pg_dump, promtool, redis-cli): versions that fit the servers."""
    if not command:
        raise Refused("exec needs a command, such as: exec pg_dump --version")
    settings = {"PGHOST": HOST, "PGPORT": str(home.ports["postgres"]), "PGUSER": "velox", "PGDATABASE": "velox"}
    line = in_tree(home, "postgres", list(command), {**settings, "PGPASSWORD": home.password()})
    sys.stdout.flush()
    os.execvp(line[0], line)  # noqa: S606


def _fetch(home: Home, servers: list[Server]) -> None:
    """Both downloads at once; each is remembered in the cache."""
    wanted = {kafka_jars if server.name.startswith("kafka") else tree for server in servers}
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda fetch: fetch(home), wanted))


def _refuse_taken_port(server: Server) -> None:
    with socket.socket() as probe:
        probe.settimeout(1)
        if probe.connect_ex((HOST, server.port)) == 0:
            variable = PORTS[server.name][0]
            raise Refused(f"port {server.port} for {server.name} is taken by something else: set {variable} to another")


def _wait_until_ready(server: Server, limit_s: float) -> None:
    until = time.monotonic() + limit_s
    while not server.ready():
        if process.read_record(server.record) is None:
            raise Refused(f"{server.name} ended while it started; the end of {server.log}:\n{_tail(server)}")
        if time.monotonic() > until:
            raise Refused(
                f"{server.name} was not ready within {limit_s:.0f} s; the end of {server.log}:\n{_tail(server)}"
            )
        time.sleep(0.1)
    server.after_start()


def _tail(server: Server) -> str:
    return "\n".join(server.log.read_text(errors="replace").splitlines()[-15:])


if __name__ == "__main__":
    sys.exit(main())
