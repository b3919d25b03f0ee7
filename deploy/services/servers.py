"""All servers, in the order in which they are started."""

from __future__ import annotations

import json
import shutil
import socket
import urllib.error
import urllib.request
from collections.abc import Mapping

from .base import Server
from .brokers import Kafka1, Kafka2, Kafka3
from .database import PgBouncer, Postgres
from .home import DEPLOY, HOST
from .packages import INSIDE


class Redis(Server):
    """Celery's broker and the channel layer. Appends to a log, so a restart loses no queued task."""

    name = "redis"
    user = "redis"

    def prepare(self) -> None:
        self.owned_folder("redis")

    def command(self) -> list[str]:
        return self.in_tree(
            "redis-server", "--bind", HOST, "--port", str(self.port), "--dir", str(INSIDE / "redis"),
            "--appendonly", "yes", "--save", "", "--maxmemory", "512mb", "--maxmemory-policy", "noeviction",
        )  # fmt: skip

    def ready(self) -> bool:
        try:
            with socket.create_connection((HOST, self.port), timeout=1) as line:
                line.sendall(b"PING\r\n")
                return line.recv(16).startswith(b"+PONG")
        except OSError:
            return False


class Prometheus(Server):
    """Scrapes what `prometheus/targets.json` of the home lists."""

    name = "prometheus"
    user = "prometheus"

    def prepare(self) -> None:
        folder = self.owned_folder("prometheus")
        self.owned_folder("prometheus/data")
        targets = folder / "targets.json"
        if not targets.exists():
            targets.write_text(json.dumps([]))
        shutil.copyfile(DEPLOY / "prometheus" / "velox.rules.yml", folder / "velox.rules.yml")
        inside = INSIDE / "prometheus"
        text = self.template(
            "prometheus/prometheus.yml.in", rules=inside / "velox.rules.yml", targets=inside / "targets.json"
        )
        (folder / "prometheus.yml").write_text(text)

    def command(self) -> list[str]:
        inside = INSIDE / "prometheus"
        return self.in_tree(
            "prometheus", f"--config.file={inside}/prometheus.yml", f"--storage.tsdb.path={inside}/data",
            f"--web.listen-address={HOST}:{self.port}", "--storage.tsdb.retention.time=2d", "--log.level=warn",
        )  # fmt: skip

    def ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://{HOST}:{self.port}/-/ready", timeout=1) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False


SERVERS: Mapping[str, type[Server]] = {
    server.name: server for server in (Postgres, PgBouncer, Redis, Kafka1, Kafka2, Kafka3, Prometheus)
}
