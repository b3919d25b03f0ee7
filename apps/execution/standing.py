"""Where things stand after a restart: what a run holds and has out, what the paper venue was holding."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from apps.domain.messages import ZERO, Mode, NewOrder, Side
from apps.domain.positions import average_after
from apps.orders.models import Fill as FillRow
from apps.orders.models import Order
from apps.orders.selectors import orders_working
from apps.risk.models import RiskDecision
from apps.strategies.models import StrategyRun


@dataclass(frozen=True, slots=True)
class Standing:
    """One run on one instrument. `working`: client_order_id → tag; `sequence`: of its last wish that was decided."""

    qty: Decimal
    avg_price: Decimal
    working: dict[str, str]
    sequence: int


def run_standing(*, run_id: int, instrument: int) -> Standing:
    """From what was booked, which is never behind what was said; a saved state may be by a second.

    Where the account went flat, by hand or by the kill switch, its runs did too.
    """
    qty, avg_price, held = ZERO, ZERO, ZERO
    account_id = StrategyRun.objects.values_list("account", flat=True).get(pk=run_id)
    fills = FillRow.objects.filter(account=account_id, instrument=instrument).order_by("pk")
    for of_run, side, filled, price in fills.values_list("run", "order__side", "qty", "price").iterator():
        change = Side(side).sign * filled
        held += change
        if not held:
            qty = avg_price = ZERO
            continue
        if of_run != run_id:
            continue
        qty, avg_price = average_after(qty, avg_price, change, price)
    working = Order.objects.filter(run=run_id, instrument=instrument, is_working=True).order_by("pk")
    prefix = f"r{run_id}-i{instrument}-"
    last = RiskDecision.objects.filter(client_order_id__startswith=prefix).order_by("-pk").first()
    return Standing(
        qty,
        avg_price,
        dict(working.values_list("client_order_id", "tag")),
        int(last.client_order_id.removeprefix(prefix)) if last else 0,
    )


@dataclass(frozen=True, slots=True)
class Resting:
    """An order the paper venue has to hold again. `fills`: how many it had; `going`: its cancel was asked for."""

    order: NewOrder
    left: Decimal
    fills: int
    notional: Decimal
    triggered: bool
    going: bool


def paper_resting() -> Iterator[Resting]:
    """Working orders that are not live, oldest first."""
    for order in orders_working().exclude(mode=Mode.LIVE):
        yield Resting(
            order.to_domain(),
            order.remaining,
            order.fills.count(),
            order.notional,
            order.triggered,
            order.status == "pending_cancel",
        )
