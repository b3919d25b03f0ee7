"""What the tables cost: candles in and out, and a message through the outbox, beside Django's own ways."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from apps.domain.frames import CANDLE, CandleArray
from apps.domain.messages import utc

COUNT = 20_000
START_NS = 1_704_080_700_000_000_000
TOPIC = "velox.orders"


def rows() -> list[dict[str, Any]]:
    with _database():
        return [_candles_in(), _candles_out(), _outbox()]


@contextmanager
def _database() -> Iterator[None]:
    """An empty database of its own, made and dropped as a test's."""
    import django
    from django.apps import apps

    from velox.env import default_settings

    if not apps.ready:
        default_settings("velox.settings.test")
        django.setup()
    from django.db import connection

    name = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        from tests import builders

        builders.instrument(1)
        yield
    finally:
        connection.creation.destroy_test_db(name, verbosity=0)


def _best(work: Callable[[], object], times: int = 3) -> float:
    took = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        took.append(time.perf_counter() - began)
    return min(took)


def _candles() -> CandleArray:
    made = np.zeros(COUNT, CANDLE)
    made["instrument"], made["timeframe"] = 1, 60
    made["start_ns"] = START_NS + np.arange(COUNT) * 60_000_000_000
    made["end_ns"], made["session_ns"] = made["start_ns"] + 60_000_000_000, START_NS
    for name in ("open", "high", "low", "close", "volume"):
        made[name] = np.random.default_rng(1).uniform(1, 2, COUNT)
    return made


def _row(name: str, value: float, unit: str, peer: str, peer_value: float) -> dict[str, Any]:
    return {
        "name": name,
        "value": value,
        "unit": unit,
        "peer": peer,
        "peer_value": peer_value,
        "floor_value": None,
        "ratio": value / peer_value,
        "note": "ratio: ours over the peer",
    }


def _candles_in() -> dict[str, Any]:
    from apps.marketdata.models import StoredCandle
    from apps.marketdata.services import candles_store

    candles = _candles()
    identity = ["instrument", "timeframe", "start_at"]
    kept = ["end_at", "session_at", "open", "high", "low", "close", "volume", "ticks"]

    def by_orm() -> None:
        made = [
            StoredCandle(
                instrument_id=int(c["instrument"]),
                timeframe=int(c["timeframe"]),
                start_at=utc(int(c["start_ns"])),
                end_at=utc(int(c["end_ns"])),
                session_at=utc(int(c["session_ns"])),
                **{name: float(c[name]) for name in ("open", "high", "low", "close", "volume")},
            )
            for c in candles
        ]
        StoredCandle.objects.bulk_create(made, update_conflicts=True, unique_fields=identity, update_fields=kept)

    ours, theirs = _best(lambda: candles_store(candles)), _best(by_orm, 1)
    return _row("candles_store_per_s", COUNT / ours, "candles/s", "Django bulk_create", COUNT / theirs)


def _candles_out() -> dict[str, Any]:
    from apps.marketdata.models import StoredCandle
    from apps.marketdata.selectors import candles_load

    fields = ("start_at", "end_at", "session_at", "open", "high", "low", "close", "volume", "ticks")
    query = StoredCandle.objects.filter(instrument=1, timeframe=60).order_by("-start_at").values_list(*fields)
    ours = _best(lambda: candles_load(instrument=1, timeframe=60, limit=COUNT))
    theirs = _best(lambda: list(query[:COUNT]), 1)
    return _row("candles_load_per_s", COUNT / ours, "candles/s", "Django values_list", COUNT / theirs)


def _outbox() -> dict[str, Any]:
    from django.db import transaction

    from apps.bus.memory import MemoryBus
    from apps.common.models import Outbox
    from apps.common.outbox import outbox_add, outbox_flush

    bus = MemoryBus()
    reader = bus.consumer("bench", [TOPIC])

    def ours() -> None:
        with transaction.atomic():
            outbox_add(TOPIC, 1, b"x" * 200)
        outbox_flush(bus)
        reader.poll()
        reader.commit()

    def by_orm() -> None:
        with transaction.atomic():
            Outbox.objects.create(topic=TOPIC, key=1, payload=b"x" * 200)
        sent = [row.pk for row in Outbox.objects.order_by("pk")[:256]]
        Outbox.objects.filter(pk__in=sent).delete()

    mine, theirs = _best(ours, 100), _best(by_orm, 100)
    bus.close()
    return _row("outbox_message_ms", mine * 1000, "ms", "the same through the ORM, unpublished", theirs * 1000)
