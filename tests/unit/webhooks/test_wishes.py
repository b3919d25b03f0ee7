"""What a sender may write, and what is refused with the field's name."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.common.scrub import hidden
from apps.domain.errors import BadInput
from apps.domain.messages import OrderType, Side
from apps.webhooks.signatures import WINDOW_S, signature_fault, signature_make
from apps.webhooks.wishes import wish_read

OURS = {"side": "buy", "qty": "2", "symbol": "EURUSD", "id": "a-1"}
THEIRS = {
    "ticker": "EURUSD",
    "action": "sell",
    "contracts": "2.5",
    "price": "1.0831",
    "order_id": "Long",
    "timenow": "2024-01-02T03:04:05Z",
    "market_position": "flat",
}


def read(said):
    return wish_read(json.dumps(said).encode())


def test_our_own_words_are_a_wish():
    wish = read(OURS | {"type": "limit", "price": 1.05})
    assert (wish.side, wish.qty, wish.symbol, wish.id) == (Side.BUY, 2, "EURUSD", "a-1")
    assert (wish.order_type, wish.limit_price) == (OrderType.LIMIT, Decimal("1.05"))


def test_tradingview_is_understood_and_its_price_is_a_fact_not_a_limit():
    wish = read(THEIRS)
    assert (wish.side, wish.qty, wish.symbol) == (Side.SELL, Decimal("2.5"), "EURUSD")
    assert (wish.order_type, wish.limit_price) == (OrderType.MARKET, None)
    assert wish.exit


def test_tradingviews_order_name_alone_is_no_id_as_every_signal_has_the_same():
    assert read(THEIRS).id == "Long 2024-01-02T03:04:05Z"
    assert read({name: value for name, value in THEIRS.items() if name != "timenow"}).id == ""


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"side": "hold"}, "side"),
        ({"side": None}, "side"),
        ({"qty": "NaN"}, "qty"),
        ({"qty": "Infinity"}, "qty"),
        ({"qty": -1}, "qty"),
        ({"qty": 0}, "qty"),
        ({"qty": True}, "qty"),
        ({"qty": "1e400"}, "qty"),
        ({"qty": "1e-400"}, "qty"),
        ({"qty": "9" * 60}, "qty"),
        ({"qty": [1]}, "qty"),
        ({"qty": None}, "qty"),
        ({"price": "100"}, "price"),  # at market it would say nothing, so it was meant otherwise
        ({"type": "limit"}, "price"),
        ({"type": "sl", "price": "1"}, "trigger"),
        ({"type": "stop"}, "type"),
        ({"symbol": "A\x00B"}, "symbol"),
        ({"symbol": "x" * 200}, "symbol"),
        ({"symbol": {"$ne": 1}}, "symbol"),
        ({"id": ""}, "id"),
        ({"id": [1]}, "id"),
        ({"exit": "yes"}, "exit"),
        ({"validity": "forever"}, "validity"),
        ({"prise": 100}, "prise"),
    ],
)
def test_what_cannot_be_used_is_refused_by_its_name(said, field):
    with pytest.raises(BadInput) as caught:
        read(OURS | said)
    assert caught.value.facts["field"] == field


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b'"buy"', b"{", b"\xff\xfe", b'{"qty": NaN}', b"[" * 5000])
def test_what_is_no_json_object_is_refused_as_the_body(body):
    with pytest.raises(BadInput) as caught:
        wish_read(body)
    assert caught.value.facts["field"] == "body"


@given(st.binary(max_size=200))
def test_no_bytes_at_all_break_the_reader(body):
    with pytest.raises(BadInput):
        wish_read(body)


# --- signatures


def test_a_signature_holds_for_its_body_its_key_and_a_while():
    header = signature_make("key", b"body", 1000)
    assert signature_fault(header, "key", b"body", 1000 + WINDOW_S) == ""
    assert "does not fit" in signature_fault(header, "key", b"another", 1000)
    assert "does not fit" in signature_fault(header, "other key", b"body", 1000)
    assert "sign again" in signature_fault(header, "key", b"body", 1001 + WINDOW_S)
    assert "sign again" in signature_fault(header, "key", b"body", 999 - WINDOW_S)
    assert "reads" in signature_fault("", "key", b"body", 1000)


def test_the_time_cannot_be_moved_without_the_key():
    stamp, digest = signature_make("key", b"body", 1000).split(",")
    assert "does not fit" in signature_fault(f"t=2000,{digest}", "key", b"body", 2000)
    assert stamp == "t=1000"


# --- secrets


@pytest.mark.parametrize(
    "text", ["/hooks/abc/s3cret", "POST /hooks/abc/s3cret HTTP/1.1", "https://x/hooks/abc/s3cret?a=b"]
)
def test_no_line_of_a_log_holds_the_secret_of_an_address(text):
    assert "s3cret" not in hidden(text)
    assert "/hooks/abc/…" in hidden(text)
