"""What may not be lost: snapshot first, numbers without gaps, and a way back for those who were away."""

from __future__ import annotations

import threading
import time

import pytest

from apps.dashboard.live.sources import Reading
from tests.integration.live.desk import Desk, Server, ask, hear, hear_for


def orders(server: Server, first: int, last: int) -> None:
    for n in range(first, last + 1):
        server.event("live.account.7", "order", {"n": n})


def test_a_snapshot_comes_first_and_every_later_message_follows_it(server: Server, desk: Desk) -> None:
    desk.state["account:7"] = {"orders": ["r1"]}
    with server.connect() as client:
        ask(client, "subscribe", channels=["account:7"], id=1)
        snapshot = hear(client, "snapshot", "order")
        orders(server, 1, 3)
        heard = [hear(client, "order") for _ in range(3)]
    assert snapshot["d"] == {"orders": ["r1"]}
    assert [message["seq"] - snapshot["seq"] for message in heard] == [1, 2, 3]
    assert [message["d"]["n"] for message in heard] == [1, 2, 3]


def test_what_happens_while_the_snapshot_is_read_is_told_after_it(server: Server, desk: Desk) -> None:
    desk.slow_s = 0.3
    with server.connect() as client:
        ask(client, "subscribe", channels=["account:7"], id=1)
        time.sleep(0.1)
        orders(server, 1, 5)
        first = hear(client, "snapshot", "order")
        rest = [hear(client, "order") for _ in range(5)]
    assert first["t"] == "snapshot"
    assert [message["seq"] for message in rest] == [first["seq"] + n for n in range(1, 6)]


def test_two_watchers_of_one_account_get_the_same_numbers(server: Server) -> None:
    with server.connect() as one, server.connect() as other:
        for client in (one, other):
            ask(client, "subscribe", channels=["account:7"])
            hear(client, "snapshot")
        orders(server, 1, 2)
        assert [hear(one, "order") for _ in range(2)] == [hear(other, "order") for _ in range(2)]


def test_who_comes_back_gets_exactly_what_was_missed(server: Server) -> None:
    with server.connect() as client:
        ask(client, "subscribe", channels=["account:7"])
        hear(client, "snapshot")
        orders(server, 1, 1)
        last = hear(client, "order")["seq"]
    orders(server, 2, 4)
    with server.connect() as client:
        ask(client, "resume", channel="account:7", after=last, id=2)
        assert [hear(client, "order", "snapshot")["d"]["n"] for _ in range(3)] == [2, 3, 4]
        orders(server, 5, 5)
        assert hear(client, "order")["seq"] == last + 4


@pytest.mark.parametrize("after", [0, 1_000, 9_007_199_254_740_991])
def test_who_comes_back_from_elsewhere_or_too_late_gets_a_snapshot(server: Server, after: int) -> None:
    with server.connect() as client:
        ask(client, "resume", channel="account:7", after=after)
        assert hear(client)["t"] == "hello" and hear(client)["t"] == "snapshot"


def test_more_missed_than_is_kept_means_a_snapshot(server: Server) -> None:
    with server.connect() as client:
        ask(client, "subscribe", channels=["account:7"])
        seq = hear(client, "snapshot")["seq"]
        orders(server, 1, 1_100)
        ask(client, "resume", channel="account:7", after=seq, id=3)
        assert hear(client, "snapshot")["seq"] == seq + 1_100


def test_what_the_channel_layer_loses_is_noticed_and_mended_by_a_snapshot(server: Server, desk: Desk) -> None:
    with server.connect() as client:
        ask(client, "subscribe", channels=["account:7"])
        hear(client, "snapshot")
        orders(server, 1, 1)
        server._counts["live.account.7"] += 1  # one that never arrives
        desk.state["account:7"] = {"orders": "as they are now"}
        orders(server, 3, 3)
        assert hear(client, "snapshot")["d"] == {"orders": "as they are now"}


def test_everybodys_runs_are_their_own(server: Server) -> None:
    with server.connect("asha") as asha, server.connect("bilal") as bilal:
        for client, name in ((asha, "asha"), (bilal, "bilal")):
            ask(client, "subscribe", channels=["runs"])
            assert hear(client, "snapshot")["d"] == {"of": name}
            hear(client, "ok")
        server.event(f"live.runs.{sum(b'asha')}", "run", {"state": "running"})
        assert hear(asha, "run")["d"] == {"state": "running"}
        assert hear_for(bilal, 0.2) == []


def test_what_nobody_announces_is_looked_at_and_told_when_it_changed(server: Server, desk: Desk) -> None:
    with server.connect() as client:
        ask(client, "subscribe", channels=["status"])
        hear(client, "ok")
        desk.read = [Reading("kill", "kill", {"state": "trading"})]
        assert hear(client, "kill")["d"] == {"state": "trading"}
        desk.read = [Reading("kill", "kill", {"state": "halted"})]
        assert hear(client, "kill")["d"] == {"state": "halted"}
        assert hear_for(client, 1.2) == []  # looked at again, unchanged, not told again


def test_no_order_is_lost_under_a_flood_of_prices(server: Server) -> None:
    with server.connect() as client:
        ask(client, "subscribe", channels=["account:7", "prices:*"])
        snapshot = hear(client, "snapshot")
        done = threading.Event()

        def flood() -> None:
            while not done.is_set():
                server.prices((1, 2000.0), (2, 1.1), (3, 39_000.0))

        flooding = threading.Thread(target=flood)
        flooding.start()
        try:
            orders(server, 1, 300)
        finally:
            done.set()
            flooding.join()
        heard = [hear(client, "order") for _ in range(300)]
    assert [message["seq"] for message in heard] == [snapshot["seq"] + n for n in range(1, 301)]
