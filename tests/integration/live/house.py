"""The whole door for tests: the real ASGI application on a real uvicorn, real people, and a path that can be told
what to say."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import numpy as np
import uvicorn
from channels.layers import channel_layers, get_channel_layer
from django.test import Client, override_settings
from django.utils import timezone
from rest_framework_simplejwt.tokens import RefreshToken
from websockets.sync.client import ClientConnection, connect

from apps.accounts.models import User
from apps.accounts.scopes import SCOPES
from apps.accounts.services import apikey_create
from apps.bus.codecs import encode as encode_message
from apps.bus.memory import MemoryBus
from apps.common.live import hub_loop
from apps.dashboard.live.server import server_config
from apps.domain import frames
from apps.domain.candles import CandleBuilder
from apps.domain.errors import BadData
from apps.domain.frames import CANDLES, TICK, TICKS, CandleArray
from apps.domain.sessions import CRYPTO
from apps.instruments.models import Instrument
from apps.marketdata.selectors import candles_load
from apps.pipeline import flow
from apps.pipeline.host import StageHost
from apps.pipeline.live_link import LiveLink
from apps.pipeline.stages.broadcast import Broadcast

TIMEFRAMES = [1, 60, 86_400]


def key_of(user: User, scopes: Iterable[str] | None = None) -> str:
    """A fresh API key; for investors, one that reads."""
    if scopes is None:
        scopes = SCOPES if user.may_trade else [each for each in SCOPES if each.endswith(":read")]
    at = timezone.now() + timedelta(hours=1)
    return apikey_create(actor=user, name=f"key {time.monotonic_ns()}", scopes=scopes, expires_at=at)[1]


def token_of(user: User) -> str:
    return str(RefreshToken.for_user(user).access_token)


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

    def connect(
        self, user: User | None = None, origin: str | None = "http://velox.test", path: str = "/ws/live"
    ) -> ClientConnection:
        """As a page, with the cookie of a session where there is a user."""
        headers = {}
        if user is not None:
            browser = Client()
            browser.force_login(user)
            headers["Cookie"] = f"sessionid={browser.cookies['sessionid'].value}"
        return connect(f"ws://127.0.0.1:{self.port}{path}", origin=origin, additional_headers=headers)  # type: ignore[arg-type]

    def program(self, shown: str | None = None) -> ClientConnection:
        """As a program, with a key or a token in a header where one is given."""
        headers = {"Authorization": f"Bearer {shown}"} if shown else {}
        return connect(f"ws://127.0.0.1:{self.port}/ws/v1", additional_headers=headers, max_queue=None)

    def close(self) -> None:
        self.server.should_exit = self.server.force_exit = True
        self.thread.join(10)


@contextmanager
def open_house() -> Iterator[House]:
    channel_layers.backends.clear()
    with override_settings(ALLOWED_HOSTS=["velox.test"]):
        from velox.routing import websocket_application

        made = House(websocket_application())
    try:
        yield made
    finally:
        made.close()


UNREADABLE = 30  # a timeframe whose stored candles cannot be read here


def _history(**asked: Any) -> CandleArray:
    if asked["timeframe"] == UNREADABLE:
        raise BadData("the stored candles of this timeframe cannot be read")
    return candles_load(**asked)


class Path:
    """The broadcast stage on a memory bus; ticks and messages are put in where the stages before it would."""

    def __init__(self, instrument: Instrument) -> None:
        self.number, self.bus = instrument.number, MemoryBus()
        calendars = {self.number: CRYPTO}
        self.builder = CandleBuilder(calendars, TIMEFRAMES)
        line = LiveLink(get_channel_layer(), hub_loop.get)
        stage = Broadcast(
            line, CandleBuilder(calendars, TIMEFRAMES), _history, symbols={self.number: instrument.symbol},
            status=lambda: {"feed": "synthetic", "speed": 1},
        )  # fmt: skip
        self.host = StageHost(self.bus, [stage], strict=True)

    def tick(self, price: float, at_ns: int) -> None:
        tick = np.zeros(1, TICK)
        tick["instrument"], tick["event_ns"], tick["seen_ns"] = self.number, at_ns, at_ns
        tick["price"], tick["ask"], tick["size"] = price, np.nan, 2.0
        offset = self.bus.publish(flow.TICKS, self.number, frames.encode(TICKS, tick))
        closed = frames.encode(CANDLES, self.builder.add(tick), offset)
        self.bus.publish(flow.CANDLES, self.number, closed)

    def say(self, topic: str, message: Any) -> None:
        self.bus.publish(topic, message.account_id, encode_message(message))


@contextmanager
def running(instrument: Instrument) -> Iterator[Path]:
    path = Path(instrument)
    path.host.start()
    try:
        yield path
    finally:
        path.host.stop()
