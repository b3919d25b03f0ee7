"""What may be skipped: prices reach a socket conflated, and only those it asked for."""

from __future__ import annotations

import time

from tests.integration.live.desk import Server, ask, hear, hear_for


def test_a_new_watcher_gets_the_prices_there_are_at_once(server: Server) -> None:
    server.hub_is_up()
    server.prices((1, 2011.5), (2, 1.08))
    with server.connect() as client:
        ask(client, "subscribe", channels=["prices:XAUUSD"], id=1)
        snapshot = hear(client, "px")
    assert snapshot == {
        "t": "px", "snapshot": True, "ch": "prices:XAUUSD", "instruments": [1],
        "d": [[1, 2011.5, 2012.5, 2011.5, None, 1000]],
    }  # fmt: skip


def test_a_watcher_hears_only_of_what_it_asked_for(server: Server) -> None:
    with server.connect() as client:
        ask(client, "subscribe", channels=["prices:XAUUSD", "prices:US30"])
        hear(client, "ok")
        server.prices((2, 1.08))
        server.prices((1, 2011.5), (2, 1.09), (3, 39_000.0))
        assert [row[0] for row in hear(client, "px")["d"]] == [1, 3]
        ask(client, "unsubscribe", channels=["prices:XAUUSD"])
        hear(client, "ok")
        server.prices((1, 2012.0), (3, 39_001.0))
        assert [row[0] for row in hear(client, "px")["d"]] == [3]


def test_a_thousand_updates_become_a_few_frames_that_end_with_the_newest(server: Server) -> None:
    with server.connect() as client:
        ask(client, "subscribe", channels=["prices:XAUUSD"])
        hear(client, "ok")
        began = time.monotonic()
        for n in range(1_000):
            server.prices((1, 2000.0 + n))
        took = time.monotonic() - began
        frames = [message for message in hear_for(client, 0.3) if message["t"] == "px"]
    assert frames[-1]["d"][0][3] == 2999.0
    assert len(frames) <= took / 0.04 + 3
    lasts = [frame["d"][0][3] for frame in frames]
    assert lasts == sorted(lasts)


def test_the_watchlist_is_the_users(server: Server) -> None:
    with server.connect() as client:
        ask(client, "subscribe", channels=["prices:*"])
        assert hear(client, "px")["instruments"] == [1, 2, 3]
