"""Three Kafka brokers that are also their own controllers."""

from __future__ import annotations

import base64
import os
import shutil
import socket
import struct
import subprocess
from pathlib import Path

from .base import Server
from .home import DEPLOY, HOST, Refused
from .packages import kafka_jars

NODES = (1, 2, 3)
_METADATA = struct.pack(">hhih5si", 3, 1, 1, 5, b"velox", 0)  # Metadata v1, correlation 1, client "velox", no topics


class Kafka(Server):
    """One of three brokers, each also a controller."""

    node: int

    @property
    def folder(self) -> Path:
        return self.home.folder(self.name)

    def prepare(self) -> None:
        data = self.folder / "data"
        ports = {node: self.home.ports[f"kafka-{node}"] for node in NODES}
        text = self.template(
            "kafka/server.properties.in",
            node=self.node,
            voters=",".join(f"{node}@{HOST}:{port + 10_000}" for node, port in ports.items()),
            controller_port=self.port + 10_000,
            data=data,
        )
        (self.folder / "server.properties").write_text(text)
        if not (data / "meta.properties").exists():
            self._format()

    def command(self) -> list[str]:
        heap = os.environ.get("VELOX_KAFKA_HEAP", "256m")
        options = [f"-Xms{heap}", f"-Xmx{heap}", "-XX:+UseG1GC", "-XX:MaxGCPauseMillis=20"]
        return [*self._java(*options, "kafka.Kafka"), str(self.folder / "server.properties")]

    def ready(self) -> bool:
        """It answers and knows itself as a member that serves. Its leaders may still be elected: see Cluster."""
        return self.node in brokers_known_at(self.port)

    def _format(self) -> None:
        command = ["kafka.tools.StorageTool", "format", "-t", self._cluster_id(), "--ignore-formatted", "-c"]
        done = subprocess.run(
            [*self._java(*command), str(self.folder / "server.properties")], capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise Refused(f"formatting {self.name} failed: {done.stdout[-500:]}{done.stderr[-500:]}")

    def _cluster_id(self) -> str:
        """16 random bytes shared by the brokers of this home, as Kafka writes them: URL-safe base64."""
        path = self.home.root / "kafka-cluster-id"
        try:
            with path.open("x") as handle:
                handle.write(_random_id())
        except FileExistsError:
            pass
        return path.read_text()

    def _java(self, *arguments: str) -> list[str]:
        log = f"-Dlog4j2.configurationFile={DEPLOY / 'kafka' / 'log4j2.yaml'}"
        return [shutil.which("java") or "java", log, "-cp", f"{kafka_jars(self.home)}/*", *arguments]


class Kafka1(Kafka):
    name, node = "kafka-1", 1


class Kafka2(Kafka):
    name, node = "kafka-2", 2


class Kafka3(Kafka):
    name, node = "kafka-3", 3


def brokers_known_at(port: int) -> set[int]:
    """Node ids of the brokers that the broker at `port` counts as serving; empty when it does not answer."""
    try:
        with socket.create_connection((HOST, port), timeout=2) as line:
            line.sendall(struct.pack(">i", len(_METADATA)) + _METADATA)
            size = struct.unpack(">i", _receive(line, 4))[0]
            answer = _receive(line, size)
    except (OSError, struct.error):
        return set()
    count, at, nodes = struct.unpack_from(">i", answer, 4)[0], 8, set()
    for _ in range(count):
        node, host_length = struct.unpack_from(">ih", answer, at)
        rack_length = struct.unpack_from(">h", answer, at + 6 + host_length + 4)[0]
        at += 6 + host_length + 4 + 2 + max(rack_length, 0)
        nodes.add(node)
    return nodes


def _receive(line: socket.socket, size: int) -> bytes:
    parts = bytearray()
    while len(parts) < size:
        part = line.recv(size - len(parts))
        if not part:
            raise ConnectionResetError("the broker hung up")
        parts += part
    return bytes(parts)


def _random_id() -> str:
    return base64.urlsafe_b64encode(os.urandom(16)).decode().rstrip("=")
