"""Packets are websocket frames that any client can read, and a socket keeps them in the right order."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from websockets.frames import Frame
from websockets.streams import StreamReader

from apps.dashboard.live.socket import MAX_WAITING, TOO_SLOW, Socket
from apps.dashboard.live.wire import pack, unpack


class Line:
    """A wire whose peer can be told to stop reading."""

    def __init__(self) -> None:
        self.ready = True
        self.on_ready: Callable[[], None] | None = None
        self.written: list[bytes] = []
        self.writes = 0
        self.ended: tuple[int, str] | None = None

    def write(self, packets: bytes) -> None:
        self.writes += 1
        self.written += unpack(packets)

    def end(self, code: int, reason: str) -> None:
        self.ended = (code, reason)


@pytest.fixture
def line() -> Line:
    return Line()


@pytest.fixture
def socket(line: Line) -> Socket:
    return Socket(line, None, lambda stale: pack(b"prices %d" % len(stale)))


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65_535, 65_536, 200_000])
def test_a_packet_is_a_text_frame_of_the_standard(size: int) -> None:
    text = b"x" * size
    reader = StreamReader()
    reader.feed_data(pack(text))
    parsing = Frame.parse(reader.read_exact, mask=False)
    with pytest.raises(StopIteration) as done:
        next(parsing)
    frame = done.value.value
    assert (frame.opcode, frame.fin, bytes(frame.data)) == (1, True, text)
    assert list(unpack(pack(text) * 3)) == [text] * 3


def test_what_waits_together_leaves_in_one_write(socket: Socket, line: Line) -> None:
    for n in range(10):
        socket.push(pack(b"%d" % n))
    socket.flush()
    assert line.written == [b"%d" % n for n in range(10)] and line.writes == 1


def test_while_the_peer_does_not_read_events_wait_in_order_and_prices_shrink_to_the_newest(
    socket: Socket, line: Line
) -> None:
    line.ready = False
    socket.push(pack(b"order 1"))
    for n in range(100):
        socket.offer_prices(pack(b"never sent"), {n % 3})
    socket.offer_chart("chart:a", pack(b"candle old"))
    socket.offer_chart("chart:a", pack(b"candle new"))
    socket.push(pack(b"order 2"))
    socket.flush()
    assert line.written == []
    line.ready = True
    assert line.on_ready is not None
    line.on_ready()
    assert line.written == [b"order 1", b"order 2", b"candle new", b"prices 3"]


def test_too_many_waiting_events_end_the_socket_and_free_what_it_kept(socket: Socket, line: Line) -> None:
    line.ready = False
    for n in range(MAX_WAITING + 5):
        socket.push(pack(b"%d" % n))
    assert line.ended is not None and line.ended[0] == TOO_SLOW and "too slow" in line.ended[1]
    assert socket.closed and socket.waiting == 0


def test_a_burst_to_a_peer_that_reads_ends_nothing(socket: Socket, line: Line) -> None:
    for n in range(MAX_WAITING * 2):
        socket.push(pack(b"%d" % n))
    socket.flush()
    assert line.ended is None and len(line.written) == MAX_WAITING * 2
