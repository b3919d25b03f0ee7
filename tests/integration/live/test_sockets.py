"""A client at the door: who comes in, what it may watch, and what it is told when it is wrong."""

from __future__ import annotations

import asyncio

import pytest
from websockets.exceptions import ConnectionClosed

from tests.integration.live.desk import Desk, Server, ask, hear, hear_for


def test_who_is_signed_in_is_greeted_by_name(server: Server) -> None:
    with server.connect("asha") as client:
        hello = hear(client)
    assert (hello["t"], hello["v"], hello["user"]) == ("hello", 1, "asha")


def test_who_is_not_signed_in_is_sent_away_with_4401(server: Server) -> None:
    with server.connect(None) as client, pytest.raises(ConnectionClosed) as closed:
        client.recv(timeout=5)
    assert closed.value.rcvd is not None and closed.value.rcvd.code == 4401


def test_no_compression_is_agreed_on(server: Server) -> None:
    """Packets are shared between sockets, so none may be compressed for one of them."""
    with server.connect(additional_headers={"Sec-WebSocket-Extensions": "permessage-deflate"}) as client:
        assert "Sec-WebSocket-Extensions" not in client.response.headers  # type: ignore[union-attr]


def test_strangers_accounts_look_exactly_like_missing_ones(server: Server) -> None:
    with server.connect("asha") as client:
        ask(client, "subscribe", channels=["account:8"], id=1)
        strangers = hear(client, "error")
        ask(client, "subscribe", channels=["account:999"], id=1)
        missing = hear(client, "error")
        server.event("live.account.8", "order", {"secret": 1})
        assert hear_for(client, 0.2) == []
    assert strangers["code"] == missing["code"] == "not_found"
    assert strangers["message"] == missing["message"]


def test_a_stranger_cannot_resume_an_account_either(server: Server) -> None:
    with server.connect("bilal") as owner, server.connect("asha") as stranger:
        ask(owner, "subscribe", channels=["account:8"])
        seq = hear(owner, "snapshot")["seq"]
        server.event("live.account.8", "order", {"secret": 1})
        hear(owner, "order")
        ask(stranger, "resume", channel="account:8", after=seq)
        assert hear(stranger, "error", "order", "snapshot")["code"] == "not_found"


def test_one_bad_channel_does_not_keep_the_others_from_working(server: Server) -> None:
    with server.connect() as client:
        ask(client, "subscribe", channels=["account:8", "prices:XAUUSD", "prices:NOPE"], id=5)
        errors = [hear(client, "error"), hear(client, "error")]
        assert [error["ch"] for error in errors] == ["account:8", "prices:NOPE"]
        assert hear(client, "ok")["channels"] == ["prices:XAUUSD"]


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("{", "message"),
        ("[]", "message"),
        ('"ping"', "message"),
        ('{"op":"dance"}', "op"),
        ('{"op":"subscribe"}', "channels"),
        ('{"op":"subscribe","channels":"prices:*"}', "channels"),
        ('{"op":"subscribe","channels":[7]}', "channels"),
        ('{"op":"subscribe","channels":["chart:XAUUSD:7m:ema(20)"]}', "channels"),
        ('{"op":"subscribe","channels":["chart:XAUUSD:5m:magic(20)"]}', "indicators"),
        ('{"op":"resume","channel":"account:7"}', "after"),
        ('{"op":"ping","id":[1]}', "id"),
        (b"{}", "message"),
        ("[" * 10_000, "message"),
        ('{"op":"subscribe","channels":["candles:XAUUSD:7m"]}', "channels"),
        ('{"op":"subscribe","channels":["ticks:XAUUSD"]}', "channels"),
        ('{"op":"auth"}', "key"),
        ('{"op":"auth","key":"vx_asha","token":"asha"}', "key"),
    ],
)
def test_what_cannot_be_used_is_answered_with_the_field_that_is_wrong(
    server: Server, text: str | bytes, field: str
) -> None:
    with server.connect() as client:
        client.send(text)
        error = hear(client, "error")
        assert (error["code"], error["field"]) == ("bad_input", field)
        ask(client, "ping", id=9)
        assert hear(client, "pong")["id"] == 9


def test_after_ten_errors_the_socket_is_closed_with_4400(server: Server) -> None:
    with server.connect() as client, pytest.raises(ConnectionClosed) as closed:
        for _ in range(10):
            client.send("nonsense")
        while True:
            client.recv(timeout=5)
    assert closed.value.rcvd is not None and closed.value.rcvd.code == 4400


def test_a_socket_that_outlives_its_sign_in_is_closed(
    server: Server, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.dashboard.consumers.WELCOME_S", 0.05)
    with server.connect("asha") as client, pytest.raises(ConnectionClosed) as closed:
        hear(client, "hello")
        desk.signed_out.add("asha")
        client.recv(timeout=5)
    assert closed.value.rcvd is not None and closed.value.rcvd.code == 4401


def test_a_socket_that_has_gone_leaves_nothing_behind(server: Server) -> None:
    with server.connect() as client:
        ask(client, "subscribe", channels=["prices:*", "account:7", "chart:XAUUSD:5m:ema(20)"], id=1)
        hear(client, "ok")
        hub = server.hub()
        assert len(hub.sockets) == 1
    for _ in range(100):
        if not hub.sockets:
            break
        hear_nothing = server.run(_turn())
        assert hear_nothing is None
    assert not hub.sockets
    assert not hub.board._groups and not hub.charts.wishes()
    assert not any(stream.sockets for stream in hub.streams.values())


async def _turn() -> None:
    await asyncio.sleep(0.02)
