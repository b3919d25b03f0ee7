"""One tick to one frame: the real door (origin, session, path), the real stage, the real hub, a real socket."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import uvicorn
from channels.layers import channel_layers, get_channel_layer
from django.test import Client, override_settings
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from apps.accounts.models import User
from apps.bus.memory import MemoryBus
from apps.common.live import hub_loop
from apps.dashboard.live.server import server_config
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

pytestmark = pytest.mark.django_db(transaction=True)


class House:
    """The live server on its own thread and loop."""

    def __init__(self, application: Any) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        config = server_config(application, host="127.0.0.1", port=self.port, lifespan="off", log_level="error")
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=self.server.run, daemon=True)
        self.thread.start()
        while not self.server.started:
            time.sleep(0.01)

    def connect(self, user: User | None = None, origin: str | None = "http://velox.test", path: str = "/ws/live"):
        headers = {}
        if user is not None:
            browser = Client()
            browser.force_login(user)
            headers["Cookie"] = f"sessionid={browser.cookies['sessionid'].value}"
        return connect(f"ws://127.0.0.1:{self.port}{path}", origin=origin, additional_headers=headers)  # type: ignore[arg-type]

    def close(self) -> None:
        self.server.should_exit = self.server.force_exit = True
        self.thread.join(10)


@pytest.fixture
def house() -> Iterator[House]:
    channel_layers.backends.clear()
    with override_settings(ALLOWED_HOSTS=["velox.test"]):
        from velox.routing import websocket_application

        made = House(websocket_application())
    yield made
    made.close()


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
