"""An open-loop HTTP load: requests leave on schedule whether or not the ones before were answered.

Latency counts from the scheduled moment, so that a server that stalls is charged for all who had to wait.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Wish:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes = b""

    def encode(self, port: int) -> bytes:
        head = f"{self.method} {self.path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: {len(self.body)}\r\n"
        if self.body:
            head += "Content-Type: application/json\r\n"
        return (
            head + "".join(f"{name}: {value}\r\n" for name, value in self.headers.items()) + "\r\n"
        ).encode() + self.body


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    ms: float
    body: bytes


def load(port: int, wishes: Sequence[Wish], per_s: float, connections: int = 8) -> list[Answer]:
    """Every wish's answer, in order."""
    return asyncio.run(_load(port, wishes, per_s, connections))


async def _load(port: int, wishes: Sequence[Wish], per_s: float, connections: int) -> list[Answer]:
    queue: asyncio.Queue[tuple[int, float]] = asyncio.Queue()
    answers: list[Answer | None] = [None] * len(wishes)
    workers = [asyncio.create_task(_worker(port, wishes, queue, answers)) for _ in range(connections)]
    began = time.perf_counter()
    for number in range(len(wishes)):
        due = began + number / per_s
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        queue.put_nowait((number, due))
    await queue.join()
    for worker in workers:
        worker.cancel()
    return [answer for answer in answers if answer is not None]


async def _worker(
    port: int, wishes: Sequence[Wish], queue: asyncio.Queue[tuple[int, float]], answers: list[Answer | None]
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while True:
        number, due = await queue.get()
        writer.write(wishes[number].encode(port))
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.split("content-length: ")[1].split("\r\n")[0])
        body = await reader.readexactly(length)
        answers[number] = Answer(int(head[9:12]), (time.perf_counter() - due) * 1000, body)
        queue.task_done()
