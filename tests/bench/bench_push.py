"""Live push: 200 real sockets flooded through the hub, and beside it plain group_send to 200 consumers.

The server runs here, the readers in a process of their own (tests/bench/push_client.py). Both floods are
one event loop sending as fast as it may; ours is held back by its slowest reader, so nothing is lost.
"""

from __future__ import annotations

import asyncio
import gc
import json
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from itertools import count
from pathlib import Path
from typing import Any, Final

import numpy as np
import uvicorn
from channels.generic.websocket import AsyncWebsocketConsumer
from channels.layers import InMemoryChannelLayer

from apps.common.live import PRICE, PRICES_GROUP, account_group
from apps.dashboard.consumers import LiveApp
from apps.dashboard.live.server import server_config
from tests.integration.live.desk import Desk, Person

SOCKETS: Final = 200
SECONDS: Final = 4.0
UPDATES_PER_S: Final = 20
_BODY: Final = json.dumps(
    {"client_order_id": "r12-i1-42", "instrument": 1, "side": "buy", "qty": "2", "price": "2011.45", "status": "live"}
).encode()


def rows() -> list[dict[str, Any]]:
    ours = asyncio.run(_measure(_live_app(), '{"op":"subscribe","channels":["account:7"],"id":1}', _flood))
    plain = asyncio.run(_measure(_plain_app(), "", _flood_plain))
    paced = asyncio.run(_measure(_live_app(), '{"op":"subscribe","channels":["prices:*"],"id":1}', _pace))
    facts = f"{SOCKETS} sockets, {SECONDS:g} s"
    return [
        _row("push_messages_per_s", ours["per_s"], "messages/s", "plain group_send", plain["per_s"],
             f"{facts}; {ours['holes']} lost; ratio against the peer"),
        _row("push_p99_ms", paced["p99_ms"], "ms", "limit", 100.0,
             f"{facts}, {UPDATES_PER_S} updates/s each, p50 {paced['p50_ms']} ms; ratio against the limit"),
        _row("push_flood_memory_mib", ours["grown_mib"], "MiB grown", "plain group_send", plain["grown_mib"], facts),
        _row("push_paced_memory_mib", paced["grown_mib"], "MiB grown", "", None, facts),
    ]  # fmt: skip


def _row(name: str, value: float, unit: str, peer: str, peer_value: float | None, note: str) -> dict[str, Any]:
    ratio = value / peer_value if peer_value else None
    return {"name": name, "value": value, "unit": unit, "peer": peer, "peer_value": peer_value,
            "floor_value": None, "ratio": ratio, "note": note}  # fmt: skip


async def _measure(app: Any, first: str, drive: Callable[[Any], Awaitable[None]]) -> dict[str, Any]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = uvicorn.Server(server_config(app, host="127.0.0.1", port=port, lifespan="off", log_level="error"))
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    args = (str(port), "/ws/live", str(SOCKETS), str(SECONDS), first)
    client = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.push_client", *args, stdout=subprocess.PIPE
    )
    assert client.stdout is not None
    await client.stdout.readline()
    driving = asyncio.create_task(drive(app))
    await asyncio.sleep(1)
    gc.collect()
    before = _resident_mib()
    result = json.loads(await client.stdout.readline())
    result["grown_mib"] = round(_resident_mib() - before, 1)
    driving.cancel()
    server.should_exit = server.force_exit = True
    await client.wait()
    await serving
    return result


def _resident_mib() -> float:
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


# --- ours


def _live_app() -> Any:
    live = LiveApp(Desk(), InMemoryChannelLayer(capacity=1000))

    numbers = count()

    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        user = Person("asha")
        user.pk = next(numbers)  # a user each: one alone may not have this many sockets
        await live({**scope, "user": user}, receive, send)

    app.live = live  # type: ignore[attr-defined]
    return app


async def _flood(app: Any) -> None:
    hub, layer, group, n = await app.live.hub(), app.live._layer, account_group(7), 0
    while True:
        for _ in range(20):
            n += 1
            await layer.group_send(
                group, {"type": "live.event", "group": group, "kind": "order", "body": _BODY, "by": "bench", "n": n}
            )
        await asyncio.sleep(0)
        while any(each.waiting > 500 for each in hub.sockets):
            await asyncio.sleep(0.001)


async def _pace(app: Any) -> None:
    layer, made = app.live._layer, np.zeros(3, PRICE)
    made["instrument"], made["last"] = (1, 2, 3), 2011.45
    due = time.perf_counter()
    while True:
        due += 1 / UPDATES_PER_S
        made["event_ns"], made["last"] = time.time_ns(), made["last"] + 0.01
        await layer.group_send(PRICES_GROUP, {"type": "live.prices", "rows": made.tobytes()})
        await asyncio.sleep(max(0.0, due - time.perf_counter()))


# --- the peer


class _Consumer(AsyncWebsocketConsumer):
    async def connect(self) -> None:
        await self.channel_layer.group_add("bench", self.channel_name)
        await self.accept()

    async def order(self, event: dict[str, Any]) -> None:
        await self.send(text_data=event["text"])

    async def disconnect(self, code: int) -> None:
        await self.channel_layer.group_discard("bench", self.channel_name)


def _plain_app() -> Any:
    consumer = _Consumer.as_asgi()

    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        await consumer(scope, receive, send)

    return app


async def _flood_plain(app: Any) -> None:
    from channels.layers import get_channel_layer

    layer = get_channel_layer()
    while True:
        await layer.group_send("bench", {"type": "order", "text": _BODY.decode()})


if __name__ == "__main__":
    import os

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "velox.settings.test")
    import django

    django.setup()
    for row in rows():
        print(row)
