"""What travels in bulk: arrays of ticks and of closed candles, and their bytes.

One Python object a tick cannot reach a million a second, so market data moves as NumPy structured
arrays behind a 16-byte header. Decoding makes a read-only view: no tick is copied.
"""

from __future__ import annotations

import struct
from typing import Final

import numpy as np
from numpy.typing import NDArray

from apps.domain.errors import BadData

TICK: Final = np.dtype(
    [
        ("instrument", "<u4"),  # Instrument.number
        ("flags", "<u4"),  # the constants below, or-ed
        ("event_ns", "<i8"),  # when it happened at the venue, ns since 1970 UTC
        ("seen_ns", "<i8"),  # when it reached us; seen - event is the feed's lag
        ("price", "<f8"),  # the trade, or the bid of a quote; NaN on a clock row
        ("size", "<f8"),  # units traded, or units bid (0: not said)
        ("ask", "<f8"),  # NaN where the row is a trade
        ("ask_size", "<f8"),  # units offered (0: not said)
    ]
)
"""56 bytes a tick. `price` is what candles are made of: trades, or bids where a venue only quotes."""

QUOTE: Final = 1  # price is a bid, ask holds the ask; otherwise the row is a trade
CLOCK: Final = 2  # no price: event time has reached event_ns, candles that end by then close
BUYER: Final = 4  # a trade taken by a buyer
SELLER: Final = 8  # a trade taken by a seller
FROM_CANDLE: Final = 16  # expanded from a recorded candle, so the path inside it is assumed
CANDLE_OPEN: Final = 32  # the first row of such a candle: price may have jumped since the row before

CANDLE: Final = np.dtype(
    [
        ("instrument", "<u4"),
        ("timeframe", "<u4"),  # seconds; 86400 is the trading day
        ("start_ns", "<i8"),
        ("end_ns", "<i8"),  # exclusive
        ("session_ns", "<i8"),  # opening of the trading session it belongs to
        ("open", "<f8"),
        ("high", "<f8"),
        ("low", "<f8"),
        ("close", "<f8"),
        ("volume", "<f8"),
        ("ticks", "<u4"),
        ("row", "<u4"),  # row of the tick frame whose tick (or clock) closed it
    ]
)

TickArray = NDArray[np.void]
CandleArray = NDArray[np.void]

TICKS, CANDLES = 1, 2
VERSION: Final = 1
_HEADER: Final = struct.Struct("<4sIq")  # what it is, rows, tape offset (candles) or 0
_HEAD: Final = {kind: b"VX" + bytes((VERSION, kind)) for kind in (TICKS, CANDLES)}
_FORMS: Final = {_HEAD[TICKS]: (TICKS, TICK, TICK.itemsize), _HEAD[CANDLES]: (CANDLES, CANDLE, CANDLE.itemsize)}
_FIRST: Final = _HEADER.size
_pack, _unpack, _view = _HEADER.pack, _HEADER.unpack_from, np.frombuffer  # looked up once, not once a frame


def encode(kind: int, rows: NDArray[np.void], source_offset: int = 0) -> bytes:
    """Header and bytes of a frame. `source_offset`: for candles, the offset of the tick frame they came from."""
    # Two plain copies cost less than one through the buffer protocol of a structured array.
    return _pack(_HEAD[kind], len(rows), source_offset) + rows.tobytes()


def decode(payload: bytes) -> tuple[int, NDArray[np.void], int]:
    """(kind, rows as a read-only view of `payload`, source offset). Raises BadData on anything else."""
    try:
        head, count, source_offset = _unpack(payload)
        kind, dtype, size = _FORMS[head]
    except struct.error:
        raise BadData(f"a frame has at least {_FIRST} bytes, this one {len(payload)}") from None
    except KeyError:
        raise BadData("not a frame this version reads", head=bytes(payload[:4])) from None
    if len(payload) != _FIRST + count * size:
        raise BadData(f"a frame of {count} rows has another length than {len(payload)} bytes")
    return kind, _view(payload, dtype, count, _FIRST), source_offset


ROW_BITS: Final = 20


def tape_at(offset: int, row: int) -> int:
    """Place of one tick on its partition's tape: frame offset and row in one ordered integer."""
    return (offset << ROW_BITS) | row


def tape_split(at: int) -> tuple[int, int]:
    """The (frame offset, row) of a tape place."""
    return at >> ROW_BITS, at & ((1 << ROW_BITS) - 1)
