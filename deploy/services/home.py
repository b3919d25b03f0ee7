"""Where the servers live and on which ports they answer: the only reader of the environment here."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
DEPLOY = PROJECT / "deploy"
HOST = "127.0.0.1"

PORTS: Mapping[str, tuple[str, int]] = {
    "postgres": ("VELOX_PG_PORT", 5444),
    "pgbouncer": ("VELOX_PGBOUNCER_PORT", 6444),
    "redis": ("VELOX_REDIS_PORT", 6399),
    "kafka-1": ("VELOX_KAFKA_1_PORT", 19091),
    "kafka-2": ("VELOX_KAFKA_2_PORT", 19092),
    "kafka-3": ("VELOX_KAFKA_3_PORT", 19093),
    "prometheus": ("VELOX_PROMETHEUS_PORT", 9099),
}
"""Server -> (variable that moves it, default port). A broker's controller listens 10,000 above its port."""


class Refused(Exception):
    """Something an operator has to see to; the message says what and how."""


@dataclass(frozen=True)
class Home:
    """Everything of one set of servers: `root` holds what they write, `cache` what was downloaded."""

    root: Path
    cache: Path
    ports: Mapping[str, int]
    wait_s: float

    @classmethod
    def from_environment(cls) -> Home:
        """Raises Refused for a port or time that is not a number."""
        root = Path(os.environ.get("VELOX_SERVICES_HOME") or PROJECT / "var" / "services")
        cache = Path(os.environ.get("VELOX_SERVICES_CACHE") or Path.home() / ".cache" / "velox")
        ports = {server: _number(variable, default) for server, (variable, default) in PORTS.items()}
        return cls(root.absolute(), cache.absolute(), ports, float(_number("VELOX_SERVICES_WAIT_S", 90)))

    def folder(self, name: str) -> Path:
        path = self.root / name
        path.mkdir(parents=True, exist_ok=True)
        return path

    def password(self) -> str:
        """The database password of these servers alone: made at the first start, kept in a file only we can read."""
        path = self.folder("postgres") / "password"
        if not path.exists():
            path.touch(mode=0o600)
            path.write_text(secrets.token_urlsafe(18))
        return path.read_text()

    def environment(self) -> dict[str, str]:
        """What Velox needs in order to use these servers.

        KAFKA_BOOTSTRAP is for tests and benchmarks that want brokers while Velox itself stays on the memory bus.
        """
        brokers = ",".join(f"{HOST}:{self.ports[f'kafka-{node}']}" for node in (1, 2, 3))
        login = f"velox:{self.password()}@{HOST}"
        return {
            "DATABASE_URL": f"postgres://{login}:{self.ports['pgbouncer']}/velox",
            "DATABASE_DIRECT_URL": f"postgres://{login}:{self.ports['postgres']}/velox",
            "REDIS_URL": f"redis://{HOST}:{self.ports['redis']}/0",
            "KAFKA_BROKERS": brokers,
            "KAFKA_BOOTSTRAP": brokers,
            "PROMETHEUS_URL": f"http://{HOST}:{self.ports['prometheus']}",
        }

    def write_environment(self) -> Path:
        path = self.folder(".") / "env"
        path.touch(mode=0o600)
        path.write_text("".join(f"{name}={value}\n" for name, value in self.environment().items()))
        return path

    def check_ports_kept(self) -> None:
        """Servers that were set up on other ports hold them in their data (the brokers' quorum): say so."""
        path = self.folder(".") / "ports.json"
        if path.exists() and json.loads(path.read_text()) != dict(self.ports):
            raise Refused(f"{self.root} was set up on other ports ({path}): stop it and remove that folder first")
        path.write_text(json.dumps(dict(self.ports), indent=1))


@contextmanager
def only_one(path: Path) -> Iterator[None]:
    """Two starts at once wait for each other instead of building the same thing twice."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _number(variable: str, default: int) -> int:
    text = os.environ.get(variable, "")
    try:
        return int(text) if text else default
    except ValueError:
        raise Refused(f"{variable} must be a whole number, was {text!r}") from None
