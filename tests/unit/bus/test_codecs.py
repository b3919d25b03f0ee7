"""Messages come back from their bytes exactly, and what cannot be read says so."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from types import UnionType
from typing import Any, get_args, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.bus import codecs
from apps.domain.errors import BadData
from apps.domain.messages import Advance, Fill, OrderType, Side, Signal, Tick

D = Decimal
positive = st.decimals(min_value="1e-12", max_value="1e15", allow_nan=False, allow_infinity=False)
ANY = {
    int: st.integers(-(2**63), 2**63 - 1),
    str: st.text(max_size=20),
    bool: st.booleans(),
    Decimal: positive,
}


def values_of(hint: Any) -> st.SearchStrategy[Any]:
    if isinstance(hint, UnionType):
        return st.one_of([st.none() if kind is type(None) else values_of(kind) for kind in get_args(hint)])
    return st.sampled_from(list(hint)) if issubclass(hint, StrEnum) else ANY[hint]


def instances(kind: type[Any]) -> st.SearchStrategy[Any]:
    return st.builds(kind, **{name: values_of(hint) for name, hint in get_type_hints(kind).items()})


@pytest.mark.parametrize("kind", codecs.TYPES)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_every_message_comes_back_equal_and_to_the_last_digit(kind: type[Any], data: st.DataObject) -> None:
    message = data.draw(instances(kind))
    again = codecs.decode(codecs.encode(message))
    assert again == message and repr(again) == repr(message)  # repr: 1.0 and 1.00 are equal and not the same


def test_the_bytes_of_version_1_stay_what_they_are() -> None:
    advance = Advance(run_id=7, account_id=2, instrument=3, upto=1 << 20)
    assert codecs.encode(advance).hex() == (
        "564d0192a7416476616e636584a672756e5f696407aa6163636f756e745f696402aa696e737472756d656e7403a47570746fce00100000"
    )
    fill = Fill("f1", "r1-i3-1", 2, 3, Side.BUY, D("1.50"), D("1301.7"), D("0"), "USD", 5, maker=True)
    assert codecs.decode(bytes.fromhex(GOLDEN_FILL)) == fill
    assert codecs.encode(fill).hex() == GOLDEN_FILL


GOLDEN_FILL = (
    "564d0192a446696c6c8ea766696c6c5f6964a26631af636c69656e745f6f726465725f6964a772312d69332d31aa6163636f756e745f"
    "696402aa696e737472756d656e7403a473696465a3627579a3717479a4312e3530a57072696365a6313330312e37a3666565a130a863"
    "757272656e6379a3555344a561745f6e7305a7746170655f617400a672756e5f6964c0a56d616b6572c3ac636c6f7365735f6f726465"
    "72c3"
)


def test_a_reader_fills_in_what_an_older_writer_did_not_know_and_skips_what_a_newer_one_added() -> None:
    required = {"run_id": 1, "account_id": 2, "instrument": 3, "upto": 4}
    newer = b"VM\x01" + codecs._ENCODE(["Advance", required | {"mood": "calm"}])
    assert codecs.decode(newer) == Advance(1, 2, 3, 4)
    signal = Signal(1, 2, 3, 4, 5, 6, Side.SELL, OrderType.MARKET, D("1"))
    names = ("run_id", "account_id", "instrument", "sequence", "at_ns", "tape_at", "side", "order_type", "mark")
    older = b"VM\x01" + codecs._ENCODE(["Signal", {name: getattr(signal, name) for name in names}])
    assert codecs.decode(older) == signal


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"VM",
        b"VX\x01rest",
        b"VM\x02" + codecs.encode(Advance(1, 2, 3, 4))[3:],
        b"VM\x01" + codecs._ENCODE(["Wish", {}]),
        b"VM\x01" + codecs._ENCODE(["Advance", {"run_id": 1}]),
        b"VM\x01" + codecs._ENCODE(["Advance", {"run_id": "one", "account_id": 2, "instrument": 3, "upto": 4}]),
        codecs.encode(Advance(1, 2, 3, 4))[:-1],
        codecs.encode(Advance(1, 2, 3, 4)) + b"\x00",
    ],
    ids=[
        "empty",
        "short",
        "other magic",
        "later version",
        "unknown type",
        "field missing",
        "wrong type",
        "cut",
        "long",
    ],
)
def test_what_cannot_be_read_is_bad_data(payload: bytes) -> None:
    with pytest.raises(BadData):
        codecs.decode(payload)


def test_what_cannot_be_true_does_not_come_in_through_the_bus() -> None:
    fill = codecs._ENCODE(Fill("f", "c", 1, 1, Side.BUY, D("1"), D("1"), D("0"), "USD", 1))
    impossible = b"VM\x01" + codecs._ENCODE(["Fill", codecs.msgspec.msgpack.decode(fill) | {"qty": "-1"}])
    with pytest.raises(BadData, match="impossible fill"):
        codecs.decode(impossible)


def test_a_type_that_does_not_travel_is_refused_by_name() -> None:
    with pytest.raises(BadData, match="Tick"):
        codecs.encode(Tick(1, 1, 1, D("1"), D("1")))  # type: ignore[arg-type]
