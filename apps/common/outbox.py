"""Messages leave with the change they tell of: written in its transaction, published after its commit."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from threading import Lock

from django.db import connection, transaction
from django.utils import timezone

from apps.common.models import Outbox
from apps.common.rows import row_insert
from apps.domain.errors import BrokerUnavailable
from apps.domain.ports import BusPort

ARRIVAL_S = 30.0  # how long the brokers may take to have what was sent
_flushing = Lock()
_TABLE = Outbox._meta.db_table


def outbox_add(topic: str, key: int, payload: bytes) -> None:
    """Leave one message. Both it and the change around it happen, or neither: call it inside a transaction."""
    if not connection.in_atomic_block:
        raise RuntimeError(f"outbox_add({topic!r}) outside a transaction: the message could outlive its change")
    row_insert(Outbox, topic=topic, key=key, payload=payload, created_at=timezone.now())


def outbox_flush(bus: BusPort, *, batch: int = 256, timeout_s: float = 0.0) -> int:
    """Publish what waits, oldest first, and forget it; returns how many went out.

    A message is forgotten only once it has arrived: a crash in between publishes it again, so
    consumers dedupe. Where the bus has no room within `timeout_s` the rest stays for the next flush.
    One flusher at a time keeps the order: a lock within the process, row locks between processes.
    """
    sent = 0
    with _flushing:
        while True:
            went, more = _flush_batch(bus, batch, timeout_s)
            sent += went
            if not more:
                return sent


def _flush_batch(bus: BusPort, batch: int, timeout_s: float) -> tuple[int, bool]:
    sent: list[int] = []
    broken: Exception | None = None
    with _rows_locked():
        try:
            for pk, topic, key, payload in _waiting(batch):
                bus.post(topic, key, bytes(payload), timeout_s)
                sent.append(pk)
        except Exception as error:  # what went out must be forgotten first; raising here would undo that
            broken = error
        if sent:
            bus.flush(ARRIVAL_S)  # where it raises nothing is forgotten, and all goes out again
            _forget(sent)
    if broken is not None and not isinstance(broken, BrokerUnavailable):
        raise broken
    return len(sent), len(sent) == batch


# Plain SQL: both run once a batch on the hot path, where the ORM takes ten times as long as SQLite.
def _waiting(batch: int) -> list[tuple[int, str, int, bytes]]:
    lock = " FOR UPDATE" if connection.features.has_select_for_update else ""
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT id, topic, "key", payload FROM {_TABLE} ORDER BY id LIMIT %s{lock}', [batch])  # noqa: S608
        return cursor.fetchall()


def _forget(sent: list[int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {_TABLE} WHERE id IN ({', '.join(['%s'] * len(sent))})", sent)  # noqa: S608


def _rows_locked() -> AbstractContextManager[None]:
    """SQLite has one writer: holding its lock while the bus answers would stop everybody else."""
    return transaction.atomic() if connection.features.has_select_for_update else nullcontext()


def outbox_size() -> int:
    """How many messages wait."""
    return Outbox.objects.count()
