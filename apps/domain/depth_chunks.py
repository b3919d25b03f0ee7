"""A stretch of book updates as few bytes: the whole book at its start, then what changed, column by column.

Each column is an integer series: in its largest common unit (a tick, a lot), differenced where neighbours are
alike, cut into its eight byte planes and compressed. The upper planes are all but constant and cost next to nothing.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from apps.domain.books import Book, Digits, Level
from apps.domain.errors import BadData

CHANGE: Final = np.dtype(
    [
        ("event_ns", "<i8"),  # the book's clock: the venue's time, never going back; whole microseconds
        ("seen_ns", "<i8"),  # when it reached us; whole microseconds
        ("side", "<i8"),  # books.BID or books.ASK
        ("price", "<i8"),
        ("size", "<i8"),  # what stands there now; 0: nothing
    ]
)
ChangeArray = NDArray[np.void]
Ints = NDArray[np.int64]

VERSION: Final = 1
_MAGIC: Final = b"VD"
_HEADER: Final = struct.Struct("<2sBBBBIIIqqqqI")
# magic, version, price and size digits, torn, bids, asks, changes, start, end, price and size unit, checksum


@dataclass(frozen=True, slots=True)
class Chunk:
    """Start of a stretch, everything up to its end, and whether what follows was missed.

    The book is known from `start_ns` on, and up to `end_ns` inclusive where `is_torn`; otherwise the next
    chunk goes on where this one ends.
    """

    digits: Digits
    start_ns: int
    end_ns: int
    is_torn: bool
    keyframe: Book
    changes: ChangeArray


def chunk_encode(chunk: Chunk) -> bytes:
    """The chunk as bytes. Times are cut to whole microseconds."""
    bids, asks = chunk.keyframe.bids.levels(), chunk.keyframe.asks.levels()
    changes = chunk.changes
    event, (bid_prices, bid_sizes), (ask_prices, ask_sizes) = changes["event_ns"] // 1000, _table(bids), _table(asks)
    tick = _unit(bid_prices, ask_prices, changes["price"])
    lot = _unit(bid_sizes, ask_sizes, changes["size"])
    columns = [
        _differences(bid_prices // tick),
        bid_sizes // lot,
        _differences(ask_prices // tick),
        ask_sizes // lot,
        _differences(event),
        changes["seen_ns"] // 1000 - event,
        changes["side"],
        _differences(changes["price"] // tick),
        changes["size"] // lot,
    ]
    body = zlib.compress(b"".join(_planes(column) for column in columns), 6)
    head = _HEADER.pack(
        _MAGIC, VERSION, chunk.digits.price, chunk.digits.size, chunk.is_torn, len(bids), len(asks), len(changes),
        chunk.start_ns, chunk.end_ns, tick, lot, zlib.crc32(body),
    )  # fmt: skip
    return head + body


def chunk_decode(payload: bytes) -> Chunk:
    """The chunk again. Raises BadData on anything else, and where bytes were damaged."""
    if len(payload) < _HEADER.size:
        raise BadData(f"a depth chunk has at least {_HEADER.size} bytes, this one {len(payload)}")
    fields = _HEADER.unpack_from(payload)
    magic, version, price, size, torn, bids, asks, count, start, end, tick, lot, checksum = fields
    body = payload[_HEADER.size :]
    if magic != _MAGIC or version != VERSION:
        raise BadData("not a depth chunk this version reads", magic=magic, version=version)
    if zlib.crc32(body) != checksum:
        raise BadData("a depth chunk is damaged: its checksum is another", start_ns=start)
    planes = np.frombuffer(zlib.decompress(body), np.uint8)
    lengths = [bids, bids, asks, asks, count, count, count, count, count]
    if len(planes) != 8 * sum(lengths):
        raise BadData("a depth chunk has another length than it says", start_ns=start)
    ends = np.cumsum([0, *lengths]) * 8
    columns = [_series(planes[ends[i] : ends[i + 1]]) for i in range(len(lengths))]
    changes = np.empty(count, CHANGE)
    event = np.cumsum(columns[4])
    changes["event_ns"], changes["seen_ns"] = event * 1000, (event + columns[5]) * 1000
    changes["side"], changes["price"], changes["size"] = columns[6], np.cumsum(columns[7]) * tick, columns[8] * lot
    bid_levels = _levels(np.cumsum(columns[0]) * tick, columns[1] * lot)
    keyframe = Book(bid_levels, _levels(np.cumsum(columns[2]) * tick, columns[3] * lot))
    return Chunk(Digits(price, size), start, end, bool(torn), keyframe, changes)


def _table(levels: list[Level]) -> tuple[Ints, Ints]:
    table = np.array(levels, np.int64).reshape(-1, 2)
    return table[:, 0], table[:, 1]


def _levels(prices: Ints, sizes: Ints) -> list[Level]:
    return list(zip(prices.tolist(), sizes.tolist(), strict=True))


def _unit(*columns: Ints) -> int:
    """What all values are multiples of."""
    return max(1, int(np.gcd.reduce(np.concatenate(columns), initial=0)))


def _differences(column: Ints) -> Ints:
    return np.diff(column, prepend=np.int64(0))


def _planes(column: Ints) -> bytes:
    """Byte by byte significance; the sign is folded into the lowest bit, so that small means small either way."""
    folded = (column << 1) ^ (column >> 63)
    return np.ascontiguousarray(folded.astype("<i8").view(np.uint8).reshape(-1, 8).T).tobytes()


def _series(planes: NDArray[np.uint8]) -> Ints:
    folded = np.ascontiguousarray(planes.reshape(8, -1).T).view("<u8").reshape(-1)
    return ((folded >> np.uint64(1)).view(np.int64)) ^ -((folded & np.uint64(1)).view(np.int64))
