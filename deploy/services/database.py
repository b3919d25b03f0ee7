"""TimescaleDB and the pool in front of it."""

from __future__ import annotations

import signal
import subprocess
import time
from pathlib import Path

from .base import Server
from .home import DEPLOY, HOST, Refused
from .packages import INSIDE, POSTGRES_BIN, in_tree
from .process import started_ticks


class Postgres(Server):
    """TimescaleDB on PostgreSQL 17. The role `velox` owns the database `velox` and may create others (tests do)."""

    name = "postgres"
    user = "postgres"
    stop_signal = signal.SIGINT  # "fast": sessions are cut, data is flushed

    def prepare(self) -> None:
        data = self.owned_folder("postgres/data")
        data.chmod(0o700)
        self.owned_folder("postgres/sockets")
        if not (data / "PG_VERSION").exists():
            self._run(
                f"{POSTGRES_BIN}/initdb", "-D", self._inside("data"), "-U", "postgres", "-A", "peer", "-E", "UTF8"
            )
        self._let_a_killed_one_go()
        settings = (DEPLOY / "services" / "postgres.conf.in").read_text()
        self.write_owned(
            data / "postgresql.conf", settings.format(host=HOST, port=self.port, sockets=self._inside("sockets"))
        )
        self.write_owned(data / "pg_hba.conf", "local all postgres peer\nhost all velox 127.0.0.1/32 scram-sha-256\n")

    def command(self) -> list[str]:
        return self.in_tree(f"{POSTGRES_BIN}/postgres", "-D", self._inside("data"))

    def ready(self) -> bool:
        return self._psql("select 1").returncode == 0

    def after_start(self) -> None:
        password = self.home.password()
        made = self._psql(
            "do $$ begin if not exists (select from pg_roles where rolname = 'velox')"
            f" then create role velox login createdb password '{password}'; end if; end $$"
        )
        if made.returncode == 0 and not self._psql("select 1 from pg_database where datname = 'velox'").stdout.strip():
            made = self._psql("create database velox owner velox")
        if made.returncode == 0:
            made = self._psql("create extension if not exists timescaledb", database="velox")
        if made.returncode != 0:
            raise Refused(f"postgres started but could not be set up: {made.stderr.strip()}")

    def _let_a_killed_one_go(self) -> None:
        """What was killed keeps its process id until init collects it, and a new postgres would take it for alive."""
        lock = self.home.root / "postgres/data/postmaster.pid"
        until = time.monotonic() + 5
        while time.monotonic() < until and lock.exists():
            pid = int(lock.read_text().split()[0])
            if not Path(f"/proc/{pid}").exists() or started_ticks(pid) is not None:
                return  # gone for good, or truly running: postgres itself judges that better
            time.sleep(0.05)

    def _psql(self, sql: str, database: str = "postgres") -> subprocess.CompletedProcess[str]:
        command = self.in_tree(
            "psql", "-h", self._inside("sockets"), "-p", str(self.port), "-XAtq", "-v", "ON_ERROR_STOP=1",
            "-d", database, "-c", sql,
        )  # fmt: skip
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def _run(self, *command: str) -> None:
        done = subprocess.run(self.in_tree(*command), capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Refused(f"{command[0]} failed: {done.stderr.strip() or done.stdout.strip()}")

    def _inside(self, name: str) -> str:
        return str(INSIDE / "postgres" / name)


class PgBouncer(Server):
    """The pool in transaction mode: what Velox connects to."""

    name = "pgbouncer"
    user = "postgres"
    stop_signal = signal.SIGINT

    def prepare(self) -> None:
        folder = self.owned_folder("pgbouncer")
        self.write_owned(folder / "users.txt", f'"velox" "{self.home.password()}"\n')
        text = self.template(
            "pgbouncer/pgbouncer.ini.in",
            postgres_port=self.home.ports["postgres"],
            users=INSIDE / "pgbouncer/users.txt",
        )
        self.write_owned(folder / "pgbouncer.ini", text)

    def command(self) -> list[str]:
        return self.in_tree("pgbouncer", str(INSIDE / "pgbouncer/pgbouncer.ini"))

    def ready(self) -> bool:
        """A query gets through it, all the way to the database."""
        login = {"PGPASSWORD": self.home.password()}
        query = ["psql", "-h", HOST, "-p", str(self.port), "-U", "velox", "-d", "velox", "-XAtc", "select 1"]
        done = subprocess.run(in_tree(self.home, self.user, query, login), capture_output=True, check=False)
        return done.returncode == 0
