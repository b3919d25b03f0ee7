"""A live server for tests: the real application on a real uvicorn in a thread, people and books made up."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs

import numpy as np
import uvicorn
from channels.layers import InMemoryChannelLayer
from websockets.sync.client import ClientConnection, connect

from apps.accounts.scopes import SCOPES
from apps.common.live import PRICE
from apps.dashboard.consumers import LiveApp
from apps.dashboard.live.hub import Hub
from apps.dashboard.live.server import server_config
from apps.dashboard.live.sources import Reading
from apps.dashboard.live.visitors import KEY, Credential, Visitor, session_visitor
from apps.domain.errors import BadInput, NotFound


class Person:
    is_authenticated = True

    def __init__(self, name: str) -> None:
        self.pk, self.name = sum(name.encode()), name

    def get_username(self) -> str:
        return self.name


PEOPLE = ("asha", "bilal")


class Desk:
    """Sources without a database: who owns which account, and what each channel says. Change it while it is served."""

    def __init__(self) -> None:
        self.instruments = {"XAUUSD": 1, "EURUSD": 2, "US30": 3}
        self.owners = {7: "asha", 8: "bilal"}
        self.state: dict[str, Any] = {}
        self.read: list[Reading] = []
        self.signed_out: set[str] = set()
        self.slow_s = 0.0
        self.scopes = frozenset(SCOPES)  # of every key
        self.until_s: float | None = None

    async def instrument(self, user: Person, symbol: str) -> int:
        if symbol not in self.instruments:
            raise NotFound(f"there is no instrument {symbol}", symbol=symbol)
        return self.instruments[symbol]

    async def watchlist(self, user: Person) -> list[int]:
        return list(self.instruments.values())

    async def chart_instrument(self, user: Person, symbol: str, indicators: tuple[str, ...]) -> int:
        if any(not each.startswith(("ema(", "rsi(")) for each in indicators):
            raise BadInput(f"no indicator reads {indicators}", field="indicators")
        return await self.instrument(user, symbol)

    async def snapshot(self, user: Person, channel: str) -> Any:
        await asyncio.sleep(self.slow_s)
        kind, _, number = channel.partition(":")
        if kind == "account":
            await self.account_open(user, int(number))
        return self.state.get(channel, {"of": user.name})

    async def readings(self, user: Person, channel: str) -> list[Reading]:
        if channel.startswith("account:"):
            await self.account_open(user, int(channel.partition(":")[2]))
        return self.read if channel == "status" else []

    async def signed_in(self, scope: dict[str, Any]) -> Visitor | None:
        person = scope["user"]
        return None if person.name in self.signed_out else session_visitor(person)

    async def admit(self, credential: Credential, address: str) -> Visitor:
        """A key is `vx_` and a name; so is a token, which ends at `until_s`."""
        name = credential.text.removeprefix("vx_")
        if name not in PEOPLE or name in self.signed_out:
            raise NotFound(f"this {credential.kind} opens nothing")
        person = Person(name)
        if credential.kind == KEY:
            return Visitor(person, f"key:{name}", self.scopes)
        return Visitor(person, f"user:{person.pk}", until_s=self.until_s)

    async def account_open(self, user: Person, account_id: int) -> None:
        if self.owners.get(account_id) != user.name:
            raise NotFound("no such account", account_id=account_id)


class Server:
    """`post` sends on the channel layer as a stage would: from another thread, into the sockets' loop."""

    def __init__(self, desk: Desk, capacity: int = 10_000) -> None:
        self.desk = desk
        self.layer = InMemoryChannelLayer(capacity=capacity)
        self.app = LiveApp(desk, self.layer)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        config = server_config(self._signed_in, host="127.0.0.1", port=self.port, lifespan="off", log_level="error")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._counts: dict[str, int] = {}
        self.pages: dict[str, tuple[str, str]] = {}  # path -> (type, text): for a browser

    async def _signed_in(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            kind, body = self.pages.get(scope["path"], ("text/plain", ""))
            headers = [(b"content-type", kind.encode())]
            await send({"type": "http.response.start", "status": 200 if body else 404, "headers": headers})
            await send({"type": "http.response.body", "body": body.encode()})
            return
        self.loop = asyncio.get_running_loop()
        if scope["path"] == "/ws/v1":
            await self.app.programs(scope, receive, send)
            return
        names = parse_qs(scope["query_string"].decode()).get("as")
        await self.app({**scope, "user": Person(names[0]) if names else None}, receive, send)

    def start(self) -> None:
        self._thread.start()
        until = time.monotonic() + 10
        while not self._server.started and time.monotonic() < until:
            time.sleep(0.01)

    def stop(self) -> None:
        self._server.should_exit = True
        self._server.force_exit = True
        self._thread.join(10)

    def connect(self, name: str | None = "asha", **options: Any) -> ClientConnection:
        query = f"?as={name}" if name else ""
        return connect(f"ws://127.0.0.1:{self.port}/ws/live{query}", compression=None, max_queue=None, **options)

    def program(self, *, key: str | None = None, token: str | None = None, **options: Any) -> ClientConnection:
        """As a program, with the credential in a header where one is given."""
        headers = {"X-API-Key": key} if key else {"Authorization": f"Bearer {token}"} if token else {}
        options.setdefault("additional_headers", headers)
        return connect(f"ws://127.0.0.1:{self.port}/ws/v1", **{"compression": None, "max_queue": None, **options})

    def hub(self) -> Hub:
        return self.run(self.app.hub())

    def hub_is_up(self) -> None:
        """The hub starts with the first socket."""
        with self.connect() as client:
            hear(client, "hello")

    def run(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(10)

    def post(self, to: str, **message: Any) -> None:
        self.run(self.layer.group_send(to, message))

    def event(self, group: str, kind: str, body: Any, *, by: str = "stage") -> None:
        self._counts[group] = self._counts.get(group, 0) + 1
        body = json.dumps(body).encode()
        self.post(group, type="live.event", group=group, kind=kind, body=body, by=by, n=self._counts[group])

    def chart(self, channel: str, kind: str, body: Any, *, final: bool, n: int, by: str = "stage") -> None:
        message = {"channel": channel, "kind": kind, "body": json.dumps(body).encode(), "final": final}
        self.post("live.charts", type="live.chart", **message, by=by, n=n)

    def prices(self, *rows: tuple[int, float]) -> None:
        made = np.zeros(len(rows), PRICE)
        for row, (number, last) in zip(made, rows, strict=True):
            row["instrument"], row["last"], row["bid"], row["ask"] = number, last, last, last + 1
            row["reference"], row["event_ns"] = float("nan"), 1_000_000_000
        self.post("live.prices", type="live.prices", rows=made.tobytes())


@contextmanager
def served(desk: Desk | None = None, **options: Any) -> Iterator[Server]:
    server = Server(desk or Desk(), **options)
    server.start()
    try:
        yield server
    finally:
        server.stop()


def hear(client: ClientConnection, *kinds: str, timeout: float = 5.0) -> dict[str, Any]:
    """The next message of one of these kinds; others are passed over."""
    until = time.monotonic() + timeout
    while True:
        message = json.loads(client.recv(timeout=max(0.001, until - time.monotonic())))
        if not kinds or message["t"] in kinds:
            return message


def hear_for(client: ClientConnection, seconds: float) -> list[dict[str, Any]]:
    """Everything that arrives within `seconds`."""
    heard, until = [], time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        try:
            heard.append(json.loads(client.recv(timeout=left)))
        except TimeoutError:
            break
    return heard


def ask(client: ClientConnection, op: str, **more: Any) -> None:
    client.send(json.dumps({"op": op, **more}))
