"""One tick to one frame: the real door (origin, session, path), the real stage, the real hub, a real socket."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import numpy as np
import pytest
from channels.layers import get_channel_layer
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection

from apps.bus.memory import MemoryBus
from apps.common.live import hub_loop
from apps.domain import frames
from apps.domain.candles import CandleBuilder
from apps.domain.frames import TICK, TICKS
from apps.domain.sessions import CRYPTO
from apps.marketdata.selectors import candles_load
from apps.pipeline import flow
from apps.pipeline.host import StageHost
from apps.pipeline.live_link import LiveLink
from apps.pipeline.stages.broadcast import Broadcast
from tests import builders
from tests.integration.live.desk import ask, hear
from tests.integration.live.house import House, open_house

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def house() -> Iterator[House]:
    with open_house() as made:
        yield made


def closed_with(client: ClientConnection) -> int:
    with client, pytest.raises(ConnectionClosed) as closed:
        while True:
            client.recv(timeout=5)
    assert closed.value.rcvd is not None
    return closed.value.rcvd.code


def test_a_session_comes_in_and_nobody_else(house: House) -> None:
    user = builders.trader(username="asha")
    with house.connect(user) as client:
        assert hear(client, "hello")["user"] == "asha"
    assert closed_with(house.connect(None)) == 4401


@pytest.mark.parametrize(
    ("origin", "path"), [("http://evil.test", "/ws/live"), (None, "/ws/live"), ("http://velox.test", "/ws/else")]
)
def test_another_origin_and_another_path_are_refused_in_the_handshake(house: House, origin: str, path: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        house.connect(builders.trader(), origin, path)
    assert refused.value.response.status_code == 403


def test_signing_out_ends_the_socket(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.dashboard.consumers.WELCOME_S", 0.1)
    user = builders.trader()
    client = house.connect(user)
    hear(client, "hello")
    user.set_password("another one")  # ends every session of theirs
    user.save()
    assert closed_with(client) == 4401


def test_one_tick_reaches_the_watcher_as_a_price_and_as_a_moving_candle(house: House) -> None:
    instrument = builders.instrument(symbol="BTC-USD")
    bus = MemoryBus()
    line = LiveLink(get_channel_layer(), hub_loop.get)
    stage = Broadcast(line, CandleBuilder({instrument.number: CRYPTO}, [60, 86_400]), candles_load)
    host = StageHost(bus, [stage], strict=True)
    with house.connect(builders.trader()) as client:
        chart = "chart:BTC-USD:1m:ema(20)"
        ask(client, "subscribe", channels=["prices:BTC-USD", chart], id=1)
        hear(client, "ok")
        host.start()
        try:
            assert hear(client, "snapshot", timeout=15)["d"]["columns"] == ["ema(20)"]
            now = time.time_ns()
            tick = np.zeros(1, TICK)
            tick["instrument"], tick["event_ns"], tick["seen_ns"] = instrument.number, now, now
            tick["price"], tick["ask"], tick["size"] = 65_000.5, np.nan, 2.0
            bus.publish(flow.TICKS, instrument.number, frames.encode(TICKS, tick))
            heard = {message["t"]: message for message in (hear(client, "px", "chart"), hear(client, "px", "chart"))}
        finally:
            host.stop()
    assert heard["px"]["d"] == [[instrument.number, None, None, 65_000.5, 65_000.5, now // 10**6]]
    assert heard["chart"]["d"][0][1:7] == [65_000.5] * 4 + [2.0, 0]
    json.dumps(heard)
