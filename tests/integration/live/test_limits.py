"""Each limit names itself and its number, and lets everything below it pass."""

from __future__ import annotations

import json
import time

import pytest
from websockets.exceptions import ConnectionClosed

from apps.dashboard.live.limits import Bucket, LimitReached
from tests.integration.live.desk import Desk, Server, ask, hear
from tests.integration.live.test_programs import closed_with


def test_channels_of_one_socket(server: Server, desk: Desk) -> None:
    desk.owners = dict.fromkeys(range(100), "asha")
    with server.program(key="vx_asha") as client:
        ask(client, "subscribe", channels=[f"account:{n}" for n in range(64)])
        assert len(hear(client, "ok")["channels"]) == 64
        ask(client, "subscribe", channels=["account:64"], id=1)
        told = hear(client, "error")
        assert (told["code"], told["limit"], told["most"], told["ch"]) == ("limit", "channels", 64, "account:64")
        ask(client, "unsubscribe", channels=["account:0"])
        hear(client, "ok")
        ask(client, "subscribe", channels=["account:64"], id=2)
        assert hear(client, "ok")["id"] == 2


def test_channels_of_one_message(server: Server) -> None:
    with server.program(key="vx_asha") as client:
        ask(client, "subscribe", channels=[f"account:{n}" for n in range(65)], id=1)
        told = hear(client, "error")
    assert (told["code"], told["limit"], told["most"], told["id"]) == ("limit", "channels", 64, 1)


def test_charts_and_candles_of_one_socket(server: Server) -> None:
    names = [f"chart:XAUUSD:5m:ema({n})" for n in range(2, 17)]
    with server.program(key="vx_asha") as client:
        ask(client, "subscribe", channels=[*names, "candles:XAUUSD:1m"])
        assert len(hear(client, "ok")["channels"]) == 16
        ask(client, "subscribe", channels=["candles:XAUUSD:5m"])
        told = hear(client, "error")
    assert (told["code"], told["limit"], told["most"]) == ("limit", "charts", 16)


def test_characters_of_one_message(server: Server) -> None:
    with server.program(key="vx_asha") as client:
        client.send(json.dumps({"op": "ping", "pad": "x" * 20_000}))
        told = hear(client, "error")
        assert (told["code"], told["limit"], told["most"]) == ("limit", "text", 16_384)
        ask(client, "ping", id=9)
        assert hear(client, "pong")["id"] == 9


def test_bytes_of_one_frame(server: Server) -> None:
    with server.program(key="vx_asha") as client, pytest.raises(ConnectionClosed) as closed:
        client.send("x" * 70_000)
        while True:
            client.recv(timeout=5)
    assert closed.value.rcvd is not None and closed.value.rcvd.code == 1009


def test_messages_a_second(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.dashboard.live.session.Bucket", lambda: Bucket(burst=5, rate=0))
    with server.program(key="vx_asha") as client:
        for n in range(7):
            ask(client, "ping", id=n)
        hear(client, "hello")
        heard = [hear(client) for _ in range(7)]
    assert [each["t"] for each in heard] == ["pong"] * 5 + ["error"] * 2
    assert [(each["code"], each["limit"], each["most"]) for each in heard[5:]] == [("limit", "messages", 5)] * 2


def test_the_bucket_fills_again_and_never_above_its_rim() -> None:
    now = [0.0]
    bucket = Bucket(burst=3, rate=2, clock=lambda: now[0])
    for at, passing in ((0.0, 3), (1.0, 2), (100.0, 3)):
        now[0] = at
        for _ in range(passing):
            bucket.take()
        with pytest.raises(LimitReached) as told:
            bucket.take()
        assert told.value.facts == {"limit": "messages", "most": 3}


def test_sockets_of_one_key_and_a_place_that_becomes_free(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.dashboard.live.hub.MAX_SOCKETS_KEY", 2)
    with server.program(key="vx_asha") as one, server.program(key="vx_asha") as two:
        for client in (one, two):
            hear(client, "hello")
        assert closed_with(server.program(key="vx_asha")) == (4429, "too many sockets: an API key has at most 2 open")
        with server.program(key="vx_bilal") as other, server.program(token="asha") as token:
            assert hear(other)["t"] == hear(token)["t"] == "hello"
        one.close()
        for _ in range(100):
            if sum(each.holder == "key:asha" for each in server.hub().sockets) == 1:
                break
            time.sleep(0.02)
        with server.program(key="vx_asha") as again:
            assert hear(again)["t"] == "hello"


def test_sockets_of_one_user_pages_and_programs_together(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.dashboard.live.hub.MAX_SOCKETS_USER", 2)
    with server.program(key="vx_asha") as program, server.connect("asha") as page:
        for client in (program, page):
            hear(client, "hello")
        for refused in (server.connect("asha"), server.program(token="asha")):
            assert closed_with(refused) == (4429, "too many sockets: a user has at most 2 open")
        with server.connect("bilal") as other:
            assert hear(other)["t"] == "hello"
