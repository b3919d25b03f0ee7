"""Programs at their own door: key or token, how long each holds, and how far it reaches."""

from __future__ import annotations

import json
import time

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.integration.live.desk import Desk, Server, ask, hear, hear_for


def end_of(client: ClientConnection) -> tuple[int, str]:
    with pytest.raises(ConnectionClosed) as closed:
        while True:
            client.recv(timeout=5)
    assert closed.value.rcvd is not None
    return closed.value.rcvd.code, closed.value.rcvd.reason


def closed_with(connecting: ClientConnection) -> tuple[int, str]:
    with connecting as client:
        return end_of(client)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Visitors are looked up again every 50 ms."""
    monkeypatch.setattr("apps.dashboard.consumers.WELCOME_S", 0.05)


@pytest.mark.parametrize(
    "headers",
    [
        {"X-API-Key": "vx_asha"},
        {"Authorization": "Bearer vx_asha"},
        {"Authorization": "bearer asha"},
        {"X-API-Key": "vx_asha", "Origin": "http://evil.test", "Cookie": "sessionid=whatever"},
    ],
)
def test_a_key_or_token_in_a_header_comes_in_from_any_origin(server: Server, headers: dict[str, str]) -> None:
    with server.program(additional_headers=headers) as client:
        assert hear(client)["user"] == "asha"


@pytest.mark.parametrize("shown", [{"key": "vx_asha"}, {"token": "asha"}])
def test_the_first_message_may_show_it_instead(server: Server, shown: dict[str, str]) -> None:
    with server.program() as client:
        ask(client, "auth", id="in", **shown)
        assert hear(client)["t"] == "hello"
        assert hear(client) == {"t": "ok", "id": "in", "op": "auth", "channels": []}


def test_the_greeting_says_how_far_and_how_long_it_reaches(server: Server, desk: Desk) -> None:
    desk.scopes, desk.until_s = frozenset({"orders:read", "market:read"}), 4_102_444_800.0
    with server.program(key="vx_asha") as client:
        hello = hear(client)
        assert (hello["scopes"], hello["until_ms"]) == (["market:read", "orders:read"], None)
    with server.program(token="asha") as client:
        hello = hear(client)
        assert (hello["scopes"], hello["until_ms"]) == (None, 4_102_444_800_000)


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({"X-API-Key": "vx_mallory"}, "this key opens nothing"),
        ({"Authorization": "Bearer mallory"}, "this token opens nothing"),
        ({"Authorization": "Basic YTpi"}, "Authorization is Bearer"),
        ({"X-API-Key": "vx_asha", "Authorization": "Bearer asha"}, "one credential"),
        ({"X-API-Key": "x" * 5_000}, "at most 4096 characters"),
        ({"X-API-Key": " "}, "at most 4096 characters"),
    ],
)
def test_what_opens_nothing_is_sent_away_with_4401_and_the_reason(
    server: Server, headers: dict[str, str], reason: str
) -> None:
    code, told = closed_with(server.program(additional_headers=headers))
    assert code == 4401 and reason in told


@pytest.mark.parametrize("query", ["key=vx_asha", "token=asha", "Access_Token=asha", "x=1&api_key=vx_asha"])
def test_a_credential_in_the_url_is_refused_even_beside_a_right_one(server: Server, query: str) -> None:
    url = f"ws://127.0.0.1:{server.port}/ws/v1?{query}"
    code, told = closed_with(connect(url, additional_headers={"X-API-Key": "vx_asha"}))
    assert code == 4401 and "URL" in told and "vx_asha" not in told


@pytest.mark.parametrize(
    "said", ['{"op":"ping"}', "nonsense", '{"op":"auth","key":7}', '{"op":"auth","key":"vx_mallory"}', b"\x00"]
)
def test_a_first_message_that_does_not_say_who_it_is_ends_the_socket(server: Server, said: str | bytes) -> None:
    with server.program() as client:
        client.send(said)
        assert end_of(client)[0] == 4401


def test_who_says_nothing_is_not_waited_for(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.dashboard.consumers.INTRODUCE_S", 0.1)
    assert closed_with(server.program()) == (4401, "no key or token came within 0.1 s")


def test_only_so_many_may_stand_at_the_door(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.dashboard.consumers.MAX_STRANGERS", 1)
    with server.program() as waiting:
        waiting.ping().wait(5)
        code, told = closed_with(server.program())
        assert code == 4429 and told.startswith("1 sockets are waiting")
        with server.program(key="vx_asha") as known:  # who shows a key at once does not queue
            assert hear(known)["t"] == "hello"


# --- how long


def test_a_key_that_is_revoked_ends_its_sockets_and_says_so(server: Server, desk: Desk, quick: None) -> None:
    with server.program(key="vx_asha") as client:
        hear(client, "hello")
        desk.signed_out.add("asha")
        assert end_of(client) == (4401, "this key opens nothing")


def test_a_token_ends_its_socket_to_the_moment(server: Server, desk: Desk) -> None:
    desk.until_s = time.time() + 0.4
    with server.program(token="asha") as client:
        hear(client, "hello")
        code, told = end_of(client)
    assert code == 4401 and "expired" in told
    assert 0 <= time.time() - desk.until_s < 1.0


def test_a_fresh_token_keeps_the_socket_and_its_channels(server: Server, desk: Desk) -> None:
    desk.until_s = time.time() + 0.5
    with server.program(token="asha") as client:
        ask(client, "subscribe", channels=["account:7"])
        hear(client, "ok")
        desk.until_s = time.time() + 60
        ask(client, "auth", token="asha", id=2)
        assert hear(client, "ok")["channels"] == ["account:7"]
        assert hear_for(client, 0.8) == []
        server.event("live.account.7", "order", {"n": 1})
        assert hear(client, "order")["d"] == {"n": 1}


def test_another_users_or_a_weaker_credential_is_refused_and_changes_nothing(server: Server, desk: Desk) -> None:
    with server.program(token="asha") as client:
        ask(client, "auth", token="bilal", id=1)
        assert "another user" in hear(client, "error")["message"]
        desk.scopes = frozenset({"market:read"})
        ask(client, "auth", key="vx_asha", id=2)
        assert "allows less" in hear(client, "error")["message"]
        ask(client, "subscribe", channels=["account:7"], id=3)
        assert hear(client, "ok")["id"] == 3


def test_a_page_has_its_session_and_needs_no_credential(server: Server) -> None:
    with server.connect("asha") as client:
        ask(client, "auth", key="vx_bilal", id=1)
        assert hear(client, "error")["code"] == "rule_broken"


def test_an_account_that_is_closed_to_a_watcher_is_taken_from_the_socket_within_the_next_look(
    server: Server, desk: Desk, quick: None
) -> None:
    with server.program(key="vx_asha") as client:
        ask(client, "subscribe", channels=["account:7", "status"])
        hear(client, "ok")
        desk.owners[7] = "bilal"
        told = hear(client, "error")
        assert (told["ch"], told["code"]) == ("account:7", "not_found")
        server.event("live.account.7", "order", {"secret": 1})
        server.event("live.status", "feed", {"n": 1})
        assert hear(client, "order", "feed")["t"] == "feed"


# --- how far


@pytest.mark.parametrize(
    ("channel", "missing"),
    [
        ("prices:XAUUSD", "market:read"),
        ("candles:XAUUSD:5m", "market:read"),
        ("chart:XAUUSD:5m:ema(20)", "market:read"),
        ("account:7", "orders:read and portfolio:read and risk:read"),
        ("account:999", "orders:read and portfolio:read and risk:read"),
        ("alerts", "risk:read"),
        ("runs", "strategies:read"),
        ("status", "market:read and risk:read"),
    ],
)
def test_a_key_watches_what_its_scopes_allow_and_is_told_which_is_missing(
    server: Server, desk: Desk, channel: str, missing: str
) -> None:
    desk.scopes = frozenset({"alerts:read"})
    with server.program(key="vx_asha") as client:
        ask(client, "subscribe", channels=[channel], id=1)
        told = hear(client, "error")
        ask(client, "resume", channel=channel, after=1, id=2)
        again = hear(client, "error", "snapshot")
    assert (told["code"], told["ch"]) == ("forbidden", channel)
    assert told["message"] == f"this API key lacks the scope {missing}" == again["message"]


# --- the hub's promises hold here too


def test_candles_begin_with_a_snapshot_and_count_those_that_close(server: Server) -> None:
    channel = "candles:XAUUSD:5m"
    with server.program(key="vx_asha") as client:
        ask(client, "subscribe", channels=[channel])
        hear(client, "ok")
        server.chart(channel, "snapshot", {"rows": []}, final=True, n=0)
        first = hear(client, "snapshot")
        server.chart(channel, "chart", [[300, 1, 1, 1, 1, 1, 0]], final=False, n=0)
        server.chart(channel, "chart", [[300, 1, 1, 1, 1, 1, 1]], final=True, n=1)
        forming, closed = hear(client), hear(client)
    assert (forming["t"], forming["ch"], forming["d"][0][6]) == ("candles", channel, 0)
    assert [forming["seq"] - first["seq"], closed["seq"] - first["seq"]] == [0, 1]


@pytest.mark.parametrize("how", ["a closed candle was lost", "another stage tells"])
def test_a_hole_in_the_candles_is_noticed_and_mended_by_a_snapshot(server: Server, how: str) -> None:
    channel = "candles:XAUUSD:5m"
    by, n = ("stage", 2) if how.startswith("a closed") else ("another", 1)
    with server.program(key="vx_asha") as client:
        ask(client, "subscribe", channels=[channel])
        hear(client, "ok")
        server.chart(channel, "snapshot", {"rows": []}, final=True, n=0)
        seq = hear(client, "snapshot")["seq"]
        server.chart(channel, "chart", [[600, 2, 2, 2, 2, 2, 1]], final=True, n=n, by=by)
        assert hear_for(client, 0.2) == []  # nothing with a hole before it is handed on
        assert [wish["fresh"] for wish in server.hub().charts.wishes()] == [True]
        server.chart(channel, "snapshot", {"rows": [[300], [600]]}, final=True, n=n, by=by)
        told = hear(client)
        assert (told["t"], told["d"]) == ("snapshot", {"rows": [[300], [600]]})
        server.chart(channel, "chart", [[900, 2, 2, 2, 2, 2, 1]], final=True, n=n + 1, by=by)
        assert hear(client)["seq"] == told["seq"] + 1 > seq


def test_who_comes_back_for_candles_gets_them_whole(server: Server) -> None:
    channel = "candles:XAUUSD:5m"
    with server.program(key="vx_asha") as client:
        ask(client, "resume", channel=channel, after=17)
        hear(client, "ok")
        server.chart(channel, "snapshot", {"rows": [[300]]}, final=True, n=4)
        assert hear(client)["d"] == {"rows": [[300]]}


def test_a_page_and_a_program_hear_the_same_of_an_account(server: Server) -> None:
    with server.connect("asha") as page, server.program(key="vx_asha") as program:
        for client in (page, program):
            ask(client, "subscribe", channels=["account:7"])
            hear(client, "snapshot")
        server.event("live.account.7", "order", {"n": 1})
        assert hear(page, "order") == hear(program, "order")


def test_a_program_that_reads_too_slowly_is_closed_with_4408_and_a_reason(server: Server) -> None:
    with server.program(key="vx_asha", max_queue=1) as client:
        ask(client, "subscribe", channels=["account:7"])
        hear(client, "ok")
        (its_socket,) = server.hub().sockets
        for n in range(3_000):
            server.event("live.account.7", "order", {"n": n, "pad": "x" * 40_000})
            if its_socket.closed:
                break
        code, told = end_of(client)
    assert code == 4408 and told.startswith("too slow: ")


def test_what_is_said_to_a_program_is_json_with_a_kind(server: Server) -> None:
    with server.program(key="vx_asha") as client:
        ask(client, "ping", id=None)
        assert {json.loads(client.recv(timeout=5))["t"] for _ in range(2)} == {"hello", "pong"}
