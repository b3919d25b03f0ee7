"""The servers themselves, on ports and in a folder of their own: started, killed, healed, stopped.

Takes half a minute (and the downloads, once), so it runs only where VELOX_TEST_SERVICES is set.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.services import process

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("postgres", "pgbouncer", "redis", "kafka-1", "kafka-2", "kafka-3", "prometheus")

pytestmark = pytest.mark.skipif(not os.environ.get("VELOX_TEST_SERVICES"), reason="VELOX_TEST_SERVICES is not set")


class Servers:
    """The command line as an operator uses it, on ports 5,000 above the usual ones."""

    def __init__(self, home: Path) -> None:
        ports = {"PG": 10444, "PGBOUNCER": 11444, "REDIS": 11399, "PROMETHEUS": 14099}
        ports |= {f"KAFKA_{node}": 24090 + node for node in (1, 2, 3)}
        self.home = home
        self.environment = {**os.environ, "VELOX_SERVICES_HOME": str(home)}
        self.environment |= {f"VELOX_{name}_PORT": str(port) for name, port in ports.items()}

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "deploy.services", *arguments]
        return subprocess.run(command, cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=300)

    def pids(self) -> dict[str, int]:
        return {path.stem: json.loads(path.read_text())["pid"] for path in (self.home / "run").glob("*.json")}


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    it = Servers(tmp_path_factory.mktemp("services"))
    started = it.run("up")
    try:
        assert started.returncode == 0, started.stderr
        yield it
    finally:
        it.run("down")


def test_all_servers_answer(servers: Servers) -> None:
    status = servers.run("status")
    assert status.returncode == 0, status.stdout
    assert [line.split()[0] for line in status.stdout.splitlines()] == list(NAMES)


def test_starting_again_changes_nothing(servers: Servers) -> None:
    before = servers.pids()
    assert servers.run("up").returncode == 0
    assert servers.pids() == before and set(before) == set(NAMES)


def test_timescaledb_17_answers_through_the_pool(servers: Servers) -> None:
    psycopg2 = pytest.importorskip("psycopg2")
    url = dict(line.split("=", 1) for line in servers.run("env").stdout.splitlines())["DATABASE_URL"]
    with psycopg2.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute("select current_setting('server_version_num')::int / 10000, extname from pg_extension")
        assert (17, "timescaledb") in cursor.fetchall()


@pytest.mark.parametrize("name", ["kafka-2", "redis", "postgres"])
def test_a_killed_server_is_seen_and_started_again(servers: Servers, name: str) -> None:
    before = servers.pids()
    os.kill(before[name], signal.SIGKILL)
    while servers.run("status", name).returncode == 0:
        pass
    healed = servers.run("up")
    assert healed.returncode == 0, healed.stderr
    after = servers.pids()
    assert after[name] != before[name]
    assert {**after, name: None} == {**before, name: None}


def test_a_taken_port_is_refused_by_name(servers: Servers) -> None:
    assert servers.run("down", "redis").returncode == 0
    with subprocess.Popen(
        [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", servers.environment["VELOX_REDIS_PORT"]],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    ) as squatter:
        squatter.stdout.readline()  # it says so once it listens
        refused = servers.run("up", "redis")
        squatter.kill()
    assert refused.returncode == 1 and "VELOX_REDIS_PORT" in refused.stderr
    assert servers.run("up", "redis").returncode == 0


def test_a_subset_can_be_named_and_an_unknown_name_is_refused(servers: Servers) -> None:
    assert len(servers.run("status", "redis", "kafka-1").stdout.splitlines()) == 2
    assert "no server zookeeper" in servers.run("up", "zookeeper").stderr


def test_stopping_ends_all_of_them_and_leaves_no_mount(servers: Servers) -> None:
    pids = servers.pids()
    assert servers.run("down").returncode == 0
    assert servers.pids() == {}
    assert [name for name, pid in pids.items() if process.started_ticks(pid)] == []
    assert str(servers.home) not in Path("/proc/mounts").read_text()
    assert servers.run("status").returncode == 3
