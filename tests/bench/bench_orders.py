"""What one order costs at the risk door: the rules alone, and a wish from signal to committed row and message."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

from tests.bench.bench_store import _database

COUNT = 400


def rows() -> list[dict[str, Any]]:
    with _database():
        return [_rules(), *_path()]


def _rules() -> dict[str, Any]:
    from apps.domain.messages import Instrument, Mode, OrderIntent, OrderType, Side
    from apps.domain.risk import RiskDoor, RiskView

    gold = Instrument(1, "XAUUSD", "CFD_METAL", "USD", Decimal("0.01"))
    intent = OrderIntent("o", 1, 1, Side.BUY, Decimal(1), OrderType.MARKET, Decimal(1300), 10**9, Mode.DRY_RUN)
    view = RiskView(gold, last_tick_ns=10**9, day_start_equity=Decimal(10_000))
    door = RiskDoor()
    intents = [replace(intent, client_order_id=f"o{n}") for n in range(COUNT)]
    spent = _middle(lambda one: door.review(one, view), intents)
    return _row("risk_review_us", spent, 50.0, "µs", "floor: the budget of 50 µs; ratio below 1 is good")


def _path() -> list[dict[str, Any]]:
    from apps.execution.services import fill_apply, signal_submit
    from apps.orders.models import Order
    from apps.risk.models import RiskLimit
    from tests.integration.money import EVENT, NOW, Desk

    RiskLimit.objects.create(scope="installation", duplicate_window_s=0, max_open_orders=10**6)
    desk = Desk()
    signals = [
        desk.signal("buy" if n % 2 else "sell", qty=Decimal(1), at_ns=EVENT + n * 200_000_000) for n in range(COUNT)
    ]
    submit = _middle(lambda signal: signal_submit(signal, now_ns=NOW), signals)
    fills = [desk.fill(order, fee="0.1") for order in Order.objects.order_by("pk")]
    booked = _middle(fill_apply, fills)
    return [
        _row("order_submit_us", submit, 1000.0, "µs", "floor: the budget of 1 ms, SQLite; ratio below 1 is good"),
        _row("fill_apply_us", booked, None, "µs", "order, position, ledger and message in one transaction"),
    ]


def _middle(work: Callable[[Any], Any], jobs: list[Any]) -> float:
    """Median µs of one call, of all but the first tenth, which warm it up."""
    spent = []
    for job in jobs:
        begun = time.perf_counter()
        work(job)
        spent.append((time.perf_counter() - begun) * 1e6)
    return statistics.median(spent[len(spent) // 10 :])


def _row(name: str, value: float, floor: float | None, unit: str, note: str) -> dict[str, Any]:
    return {
        "name": name,
        "value": value,
        "unit": unit,
        "floor_value": floor,
        "ratio": floor and value / floor,
        "note": note,
    }
