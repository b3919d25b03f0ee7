"""A client that reads too slowly costs nobody else anything, and not much memory."""

from __future__ import annotations

import socket
import time
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed

from tests.integration.live.desk import Server, ask, hear

BIG = {"pad": "x" * 20_000}


def memory_mib() -> float:
    return int(Path("/proc/self/status").read_text().split("VmRSS:")[1].split()[0]) / 1024


@pytest.fixture
def deaf_socket(server: Server) -> socket.socket:
    """Raw, so that nothing reads behind our back."""
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.connect(("127.0.0.1", server.port))
    raw.sendall(
        b"GET /ws/live?as=asha HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    assert raw.recv(12) == b"HTTP/1.1 101"
    say = b'{"op":"subscribe","channels":["account:7","prices:*"]}'
    raw.sendall(bytes((0x81, 0x80 | len(say))) + bytes(4) + say)
    return raw


def close_reason(raw: socket.socket) -> tuple[int, str]:
    """Read everything to the end; the code and the words of the close frame."""
    raw.settimeout(5)
    held = b""
    while data := raw.recv(1 << 20):
        held = (held + data)[-200:]
        at = held.rfind(b"\x88")
        if at >= 0 and len(held) >= at + 2 and len(held) == at + 2 + held[at + 1]:
            return int.from_bytes(held[at + 2 : at + 4], "big"), held[at + 4 :].decode()
    raise AssertionError("it ended without a close frame")


def test_too_slow_for_events_is_closed_with_4408_and_a_reason_while_others_go_on(
    server: Server, deaf_socket: socket.socket
) -> None:
    with server.connect() as healthy:
        ask(healthy, "subscribe", channels=["account:7"])
        hear(healthy, "snapshot")
        time.sleep(0.2)
        assert len(server.hub().sockets) == 2
        for _ in range(400):
            server.event("live.account.7", "order", BIG)
        assert len([hear(healthy, "order") for _ in range(400)]) == 400
        assert sum(not each.closed for each in server.hub().sockets) == 1
    code, reason = close_reason(deaf_socket)
    assert code == 4408
    assert reason.startswith("too slow: ")


def test_too_slow_for_prices_only_skips_and_ends_with_the_newest(server: Server, deaf_socket: socket.socket) -> None:
    time.sleep(0.2)
    hub = server.hub()
    (deaf,) = hub.sockets
    while deaf.wire.ready:
        server.event("live.account.7", "order", BIG)
    for n in range(200):
        server.prices((1, float(n + 1)))
        time.sleep(0.001)
    assert not deaf.closed and deaf.skipped > 0
    assert len(deaf._stale) <= 3
    deaf_socket.settimeout(5)
    held = b""
    while b"[1,200.0,201.0,200.0,null,1000]" not in held:
        held = held[-100:] + deaf_socket.recv(1 << 20)


def test_memory_stays_flat_while_a_client_is_deaf(server: Server, deaf_socket: socket.socket) -> None:
    time.sleep(0.2)
    for n in range(300):
        server.prices((1, float(n + 1)))
    before = memory_mib()
    for n in range(5_000):
        server.prices((1, float(n + 1)), (2, float(n + 1)), (3, float(n + 1)))
    assert memory_mib() - before < 4
    deaf_socket.close()


def test_a_closed_slow_client_may_come_back_and_resume(server: Server) -> None:
    with server.connect() as client:
        ask(client, "subscribe", channels=["account:7"])
        seq = hear(client, "snapshot")["seq"]
        (its_socket,) = server.hub().sockets
        server.loop.call_soon_threadsafe(its_socket.end, 4408, "too slow: 2001 messages were waiting")
        with pytest.raises(ConnectionClosed) as closed:
            while True:
                client.recv(timeout=5)
    assert closed.value.rcvd is not None and closed.value.rcvd.code == 4408
    server.event("live.account.7", "order", {"n": 1})
    with server.connect() as client:
        ask(client, "resume", channel="account:7", after=seq)
        assert hear(client, "order", "snapshot")["seq"] == seq + 1
