"""The memory bus and the codecs of single messages. Floor: the same messages through a bare queue.SimpleQueue."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict
from decimal import Decimal
from queue import SimpleQueue
from typing import Any

from apps.bus import codecs
from apps.bus.memory import MemoryBus
from apps.bus.topics import Topic
from apps.domain.messages import Fill, Side

_MESSAGES = 200_000
_PAYLOAD = b"x" * 100


def rows() -> list[dict[str, Any]]:
    bus, floor = _best(_through_the_bus), _best(_through_a_queue)
    ours, peer = _best(_codec_round_trip), _best(_json_round_trip)
    return [
        {
            "name": "bus_messages_per_s",
            "value": bus,
            "unit": "messages/s",
            "peer": "queue.SimpleQueue",
            "peer_value": None,
            "floor_value": floor,
            "ratio": bus / floor,
            "note": "publish + poll + commit of 100 B, batches of 64, 4 partitions; more is better",
        },
        {
            "name": "message_codec_us",
            "value": 1e6 / ours,
            "unit": "µs",
            "peer": "json with text decimals",
            "peer_value": 1e6 / peer,
            "floor_value": None,
            "ratio": peer / ours,
            "note": "a Fill encoded and decoded; less is better",
        },
    ]


def _best(rate: Callable[[], float]) -> float:
    return max(rate() for _ in range(3))


def _through_the_bus() -> float:
    bus = MemoryBus([Topic("orders", "account", partitions=4)])
    consumer = bus.consumer("g", ["orders"])
    began = time.perf_counter()
    for number in range(_MESSAGES):
        bus.publish("orders", number, _PAYLOAD)
        if number % 64 == 63:
            consumer.poll()
            consumer.commit()
    return _MESSAGES / (time.perf_counter() - began)


def _through_a_queue() -> float:
    queue: SimpleQueue[bytes] = SimpleQueue()
    began = time.perf_counter()
    for number in range(_MESSAGES):
        queue.put(_PAYLOAD)
        if number % 64 == 63:
            for _ in range(64):
                queue.get()
    return _MESSAGES / (time.perf_counter() - began)


_FILL = Fill("f1", "r1-i3-1", 2, 3, Side.BUY, Decimal("1.50"), Decimal("1301.7"), Decimal("0.25"), "USD", 5)


def _codec_round_trip() -> float:
    began = time.perf_counter()
    for _ in range(50_000):
        codecs.decode(codecs.encode(_FILL))
    return 50_000 / (time.perf_counter() - began)


def _json_round_trip() -> float:
    money = ("qty", "price", "fee")
    began = time.perf_counter()
    for _ in range(20_000):
        fields = json.loads(json.dumps(asdict(_FILL), default=str))
        fields["side"] = Side(fields["side"])
        Fill(**{name: Decimal(value) if name in money else value for name, value in fields.items()})
    return 20_000 / (time.perf_counter() - began)
