"""Single messages as bytes: "VM", a version byte, then MessagePack of [type name, fields by name].

Fields go by name, so a reader takes what it knows and a new field with a default breaks nobody. Decimals
travel as text and come back to the last digit; enums as their text. Arrays travel as `domain.frames`.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from apps.domain.errors import BadData
from apps.domain.messages import (
    Advance,
    Advanced,
    CancelOrder,
    CancelWanted,
    Fill,
    NewOrder,
    OrderChanged,
    PositionChanged,
    Signal,
)

type Travelling = (
    Signal | CancelWanted | Advance | Advanced | NewOrder | CancelOrder | OrderChanged | Fill | PositionChanged
)

TYPES: Final[tuple[type[Travelling], ...]] = (
    Signal,
    CancelWanted,
    Advance,
    Advanced,
    NewOrder,
    CancelOrder,
    OrderChanged,
    Fill,
    PositionChanged,
)
VERSION: Final = 1
_HEAD: Final = b"VM" + bytes([VERSION])
_NAMES: Final[dict[type[Any], str]] = {kind: kind.__name__ for kind in TYPES}
_ENCODE: Final = msgspec.msgpack.Encoder(decimal_format="string").encode
_OPEN: Final = msgspec.msgpack.Decoder(tuple[str, msgspec.Raw]).decode
_DECODE: Final = {kind.__name__: msgspec.msgpack.Decoder(kind).decode for kind in TYPES}


def encode(message: Travelling) -> bytes:
    """The message as bytes. Raises BadData for a type that does not travel."""
    name = _NAMES.get(type(message))
    if name is None:
        raise BadData(f"a {type(message).__name__} does not travel on the bus")
    return _HEAD + _ENCODE((name, message))


def decode(payload: bytes) -> Travelling:
    """The message again, equal to what was encoded. Raises BadData on anything this version does not read."""
    if payload[:3] != _HEAD:
        raise BadData("not a message this version reads", head=bytes(payload[:3]))
    try:
        name, fields = _OPEN(memoryview(payload)[3:])
        read = _DECODE.get(name)
        if read is None:
            raise BadData(f"no message is called {name!r} in this version", name=name)
        return read(fields)
    except msgspec.MsgspecError as error:
        raise BadData(f"a message on the bus cannot be read: {error}") from error
