"""Every kind of channel of the sockets, as every role and as nobody, on a trader's things: by page, key and token."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from apps.dashboard.live.protocol import NEEDS
from tests.integration.access.rules import ACTORS
from tests.integration.api.market import Open, open_market
from tests.integration.live.desk import ask, hear
from tests.integration.live.house import House, key_of, open_house, token_of

pytestmark = pytest.mark.django_db(transaction=True)

USERS = [actor for actor in ACTORS if actor != "anonymous"]


@dataclass(frozen=True)
class Rule:
    """Who is let in, and who of them is shown the trader's things: the text `secret` in the snapshot.

    `secret` None: there is nothing in it that is anybody's own.
    """

    channel: Callable[[Open], str]
    may: frozenset[str]
    secret: Callable[[Open], str] | None = None
    sees: frozenset[str] = frozenset()


EVERYBODY = frozenset(USERS)
SEERS = frozenset({"admin", "trader", "investor"})


def number(market: Open) -> str:
    return f'"scope_id":{market.account.pk},'


CHANNELS: dict[str, Rule] = {
    "prices": Rule(lambda market: f"prices:{market.instrument.symbol}", EVERYBODY),
    "candles": Rule(lambda market: f"candles:{market.instrument.symbol}:5m", EVERYBODY),
    "chart": Rule(lambda market: f"chart:{market.instrument.symbol}:5m:ema(20)", EVERYBODY),
    "account": Rule(
        lambda market: f"account:{market.account.pk}", SEERS, lambda market: market.order.client_order_id, SEERS
    ),
    "alerts": Rule(lambda market: "alerts", EVERYBODY, number, SEERS),
    "status": Rule(lambda market: "status", EVERYBODY, number, SEERS),
    "runs": Rule(
        lambda market: "runs", EVERYBODY, lambda market: f'"name":"{market.run.name}"', frozenset({"admin", "trader"})
    ),
}
WITHOUT_SNAPSHOT = {"candles", "chart"}  # it comes from the stages, which do not run here


@pytest.fixture
def market() -> Iterator[Open]:
    with open_market() as made:
        yield made


@pytest.fixture
def house(market: Open) -> Iterator[House]:
    with open_house() as made:
        yield made


def doors(house: House, market: Open, actor: str) -> dict[str, Callable[[], ClientConnection]]:
    user = getattr(market, actor)
    key, token = key_of(user), token_of(user)
    return {
        "page": lambda: house.connect(user),
        "key": lambda: house.program(key),
        "token": lambda: house.program(token),
    }


def asked(client: ClientConnection, op: str, channel: str) -> tuple[str, str]:
    """What asking for a channel leads to, `ok` or an error's code, and all that was said on the way."""
    if op == "resume":
        ask(client, op, channel=channel, after=0, id=1)
    else:
        ask(client, op, channels=[channel], id=1)
    told = ""
    while True:
        text = client.recv(timeout=10)
        assert isinstance(text, str)
        told += text
        message = json.loads(text)
        if message.get("id") == 1:
            return message.get("code", message["t"]), told


def test_every_kind_of_channel_has_a_rule() -> None:
    assert set(CHANNELS) == set(NEEDS)


@pytest.mark.parametrize("kind", NEEDS)
def test_each_actor_watches_what_the_rule_says_through_every_door(house: House, market: Open, kind: str) -> None:
    rule = CHANNELS[kind]
    channel = rule.channel(market)
    for actor in USERS:
        for door, connect in doors(house, market, actor).items():
            with connect() as client:
                hear(client, "hello")
                for op in ("subscribe", "resume"):
                    answer, told = asked(client, op, channel)
                    who = f"{actor} by {door}, {op}"
                    assert answer == ("ok" if actor in rule.may else "not_found"), who
                    if rule.secret is not None:
                        assert (rule.secret(market) in told.replace(" ", "")) == (actor in rule.sees), who
                    elif answer == "ok" and kind not in WITHOUT_SNAPSHOT:
                        assert channel in told, who


def test_a_strangers_account_is_answered_word_for_word_like_a_missing_one(house: House, market: Open) -> None:
    for actor in ("stranger", "outsider"):
        for connect in doors(house, market, actor).values():
            with connect() as client:
                hear(client, "hello")
                _, theirs = asked(client, "subscribe", f"account:{market.account.pk}")
                _, missing = asked(client, "subscribe", "account:999999")
                assert theirs == missing.replace("account:999999", f"account:{market.account.pk}")


@pytest.mark.parametrize("path", ["/ws/live", "/ws/v1"])
def test_nobody_hears_nothing(house: House, market: Open, path: str) -> None:
    with house.connect(None, path=path) as client, pytest.raises(ConnectionClosed) as closed:
        ask(client, "subscribe", channels=["status"])
        while True:
            assert "hello" not in str(client.recv(timeout=5))
    assert closed.value.rcvd is not None and closed.value.rcvd.code == 4401


def test_a_session_does_not_open_the_door_of_programs(house: House, market: Open) -> None:
    with house.connect(market.trader, path="/ws/v1") as client, pytest.raises(ConnectionClosed) as closed:
        ask(client, "subscribe", channels=["status"])
        client.recv(timeout=5)
    assert closed.value.rcvd is not None and closed.value.rcvd.code == 4401


@pytest.mark.parametrize("scope", sorted({scope for scopes in NEEDS.values() for scope in scopes}))
def test_a_key_of_one_scope_reaches_the_channels_of_that_scope_only(house: House, market: Open, scope: str) -> None:
    with house.program(key_of(market.trader, [scope])) as client:
        hear(client, "hello")
        answers = {kind: asked(client, "subscribe", rule.channel(market))[0] for kind, rule in CHANNELS.items()}
    assert answers == {kind: "ok" if scopes <= {scope} else "forbidden" for kind, scopes in NEEDS.items()}


def test_no_socket_says_anything_that_changes_something(house: House, market: Open) -> None:
    """Sockets are for reading: an investor's and a trader's know the same words."""
    with house.program(token_of(market.trader)) as client:
        for op in ("order", "cancel", "halt", "publish"):
            ask(client, op, id=1)
            assert hear(client, "error")["message"].startswith(
                "op is one of subscribe, unsubscribe, resume, ping, auth"
            )
