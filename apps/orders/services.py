"""Orders are born, take steps and fill. Row and history change together; a step told twice is one step."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from apps.common.rows import row_insert, row_update, rows
from apps.domain import messages
from apps.domain.errors import BadData
from apps.domain.messages import OrderIntent
from apps.domain.orders import OrderState, OrderStep
from apps.orders.models import Fill, Order, OrderEvent
from apps.orders.selectors import order_rebuild

_REASON = 300
_TAKEN = f"SELECT 1 FROM {OrderEvent._meta.db_table} WHERE order_id = %s AND key = %s"  # noqa: S608


def order_create(intent: OrderIntent, first: OrderStep) -> int:
    """A new order with the door's answer as its first step; returns its key. Call inside a transaction."""
    state = OrderState(intent.qty, sized_at_fill=intent.cash_fraction is not None).after(first)
    now = timezone.now()
    order_id = row_insert(
        Order,
        client_order_id=intent.client_order_id,
        account=intent.account_id,
        run=intent.run_id,
        instrument=intent.instrument,
        side=intent.side,
        order_type=intent.order_type,
        ordered_qty=intent.qty,
        price=intent.price,
        limit_price=intent.limit_price,
        trigger_price=intent.trigger_price,
        validity=intent.validity,
        mode=intent.mode,
        exit=intent.exit,
        oco=intent.oco,
        tag=intent.tag,
        cash_fraction=intent.cash_fraction,
        decided_ns=intent.at_ns,
        tape_at=intent.tape_at,
        steps=1,
        reason=first.reason[:_REASON],
        created_at=now,
        updated_at=now,
        **_projection(state),
    )
    _event_store(order_id, 1, first)
    return order_id


def order_step(order: Order, step: OrderStep) -> bool:
    """Take one step; False when it was taken before. Raises IllegalTransition. Call inside a transaction."""
    if rows(_TAKEN, [order.pk, step.key]):
        return False
    _project(order, order.state.after(step))
    order.steps += 1
    order.reason = step.reason[:_REASON] or order.reason
    row_update(
        Order,
        order.pk,
        steps=order.steps,
        reason=order.reason,
        updated_at=timezone.now(),
        **_projection(order.state),
    )
    _event_store(order.pk, order.steps, step)
    return True


def fill_store(order: Order, fill: messages.Fill, realised: Decimal) -> None:
    """Keep a fill that belongs to the order. Raises BadData when the two do not fit."""
    if (fill.account_id, fill.instrument, fill.side) != (order.account_id, order.instrument_id, order.side):
        raise BadData(f"fill {fill.fill_id} does not fit order {order.client_order_id}", fill_id=fill.fill_id)
    row_insert(
        Fill,
        fill_id=fill.fill_id,
        order=order.pk,
        account=fill.account_id,
        instrument=fill.instrument,
        run=order.run_id,
        side=fill.side,
        qty=fill.qty,
        price=fill.price,
        fee=fill.fee,
        currency=fill.currency,
        realised=realised,
        maker=fill.maker,
        closes_order=fill.closes_order,
        at_ns=fill.at_ns,
        tape_at=fill.tape_at,
        created_at=timezone.now(),
    )


@transaction.atomic
def order_repair(order: Order) -> OrderState:
    """Make the row what its steps say."""
    state = order_rebuild(order)
    _project(order, state)
    order.steps = order.events.count()
    order.save()
    return state


def _project(order: Order, state: OrderState) -> None:
    for name, value in _projection(state).items():
        setattr(order, name, value)


def _projection(state: OrderState) -> dict[str, Any]:
    """The columns of an order that its steps decide."""
    return {
        "qty": state.qty,
        "status": state.status,
        "is_working": state.status.working,
        "filled_qty": state.filled_qty,
        "notional": state.notional,
        "triggered": state.triggered,
    }


def _event_store(order_id: int, seq: int, step: OrderStep) -> None:
    row_insert(
        OrderEvent,
        order=order_id,
        seq=seq,
        event=step.event,
        key=step.key,
        at_ns=step.at_ns,
        qty=step.qty,
        price=step.price,
        code=step.code[:32],
        reason=step.reason[:_REASON],
        created_at=timezone.now(),
    )
