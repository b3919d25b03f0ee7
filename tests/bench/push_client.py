"""The readers of the push benchmark, a process of their own: many raw websockets, every frame counted.

Arguments: port, path, sockets, seconds, and the text each socket sends first ("" for none). Prints `ready`
when every socket has had its first frames, then one JSON line: frames counted in the window, sequence holes,
delays (ms).
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
import time

_SEQ = re.compile(rb'"seq":(\d+)')
_STAMP = re.compile(rb",(\d+)\]")


def masked(text: bytes) -> bytes:
    """A client's text frame; a mask of zeros is a mask."""
    size = bytes((0x81, 0x80 | len(text))) if len(text) < 126 else bytes((0x81, 0xFE)) + len(text).to_bytes(2, "big")
    return size + bytes(4) + text


class Reader(asyncio.Protocol):
    def __init__(self, path: str, port: int, first: bytes, delays: list[int]) -> None:
        self.path, self.port, self.first, self.delays = path, port, first, delays
        self.frames = 0
        self.first_seq = self.last_seq = self.numbered = 0
        self.ready = asyncio.get_running_loop().create_future()
        self.last_text = b""
        self._held = b""
        self._upgraded = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        key = "dGhlIHNhbXBsZSBub25jZQ=="
        transport.write(
            f"GET {self.path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Origin: http://127.0.0.1\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        if self._held:
            data = self._held + data
        at = 0
        if not self._upgraded:
            at = data.find(b"\r\n\r\n") + 4
            if at < 4:
                self._held = data
                return
            self._upgraded = True
            if self.first:
                self.transport.write(masked(self.first))
        size = len(data)
        while size - at >= 2:
            length, start = data[at + 1], at + 2
            if length == 126:
                if size - at < 4:
                    break
                length, start = (data[at + 2] << 8) | data[at + 3], at + 4
            if size - start < length:
                break
            self.took(data, at, start, start + length)
            at = start + length
        self._held = data[at:]

    def took(self, data: bytes, head: int, start: int, end: int) -> None:
        if data[head] == 0x89:  # ping
            self.transport.write(bytes((0x8A, 0x80 | (end - start))) + bytes(4) + data[start:end])
            return
        self.frames += 1
        if not self.ready.done() and (b'"ok"' in data[start:end] or not self.first):
            self.ready.set_result(None)
        if data.startswith(b'{"t":"px","d"', start):
            stamp = _STAMP.search(data, end - 40, end)
            if stamp:
                self.delays.append(time.time_ns() // 1_000_000 - int(stamp[1]))
        else:
            seq = _SEQ.search(data, start, end)
            if seq:
                self.last_seq = int(seq[1])
                self.numbered += 1
                self.first_seq = self.first_seq or self.last_seq


async def main(port: int, path: str, count: int, seconds: float, first: str) -> None:
    delays: list[int] = []
    loop = asyncio.get_running_loop()
    readers: list[Reader] = []
    for _ in range(count):
        _, reader = await loop.create_connection(lambda: Reader(path, port, first.encode(), delays), "127.0.0.1", port)
        readers.append(reader)
    if first:
        await asyncio.gather(*(reader.ready for reader in readers))
    else:
        await asyncio.sleep(1)
    print("ready", flush=True)
    await asyncio.sleep(1)  # the flood has begun and settled
    delays.clear()
    before, began = sum(reader.frames for reader in readers), time.perf_counter()
    await asyncio.sleep(seconds)
    after, took = sum(reader.frames for reader in readers), time.perf_counter() - began
    holes = sum(reader.last_seq - reader.first_seq + 1 - reader.numbered for reader in readers if reader.last_seq)
    delays.sort()
    print(
        json.dumps(
            {
                "messages": after - before,
                "per_s": (after - before) / took,
                "holes": holes,
                "p50_ms": delays[len(delays) // 2] if delays else None,
                "p99_ms": delays[int(len(delays) * 0.99)] if delays else None,
                "samples": len(delays),
            }
        ),
        flush=True,
    )
    os._exit(0)


if __name__ == "__main__":
    port, path, count, seconds, first = sys.argv[1:]
    asyncio.run(main(int(port), path, int(count), float(seconds), first))
