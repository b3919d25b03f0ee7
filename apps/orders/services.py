"""Orders are born, take steps and fill. Row and history change together; a step told twice is one step."""

from __future__ import annotations

from decimal import Decimal

from django.db import transaction

from apps.domain import messages
from apps.domain.errors import BadData
from apps.domain.messages import OrderIntent
from apps.domain.orders import OrderState, OrderStatus, OrderStep
from apps.orders.models import Fill, Order, OrderEvent
from apps.orders.selectors import order_rebuild

_REASON = 300


def order_create(intent: OrderIntent, first: OrderStep) -> Order:
    """A new order with the door's answer as its first step. Call inside a transaction."""
    born = OrderState(intent.qty, sized_at_fill=intent.cash_fraction is not None)
    order = Order(
        client_order_id=intent.client_order_id,
        account_id=intent.account_id,
        run_id=intent.run_id,
        instrument_id=intent.instrument,
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
    )
    _project(order, born.after(first))
    order.save(force_insert=True)
    _event_store(order, first)
    return order


def order_step(order: Order, step: OrderStep) -> bool:
    """Take one step; False when it was taken before. Raises IllegalTransition. Call inside a transaction."""
    if OrderEvent.objects.filter(order=order, key=step.key).exists():
        return False
    _project(order, order.state.after(step))
    order.steps += 1
    order.reason = step.reason[:_REASON] or order.reason
    order.save(
        update_fields=[
            "qty",
            "status",
            "is_working",
            "filled_qty",
            "notional",
            "triggered",
            "steps",
            "reason",
            "updated_at",
        ]
    )
    _event_store(order, step)
    return True


def fill_store(order: Order, fill: messages.Fill, realised: Decimal) -> Fill:
    """Keep a fill that belongs to the order. Raises BadData when the two do not fit."""
    if (fill.account_id, fill.instrument, fill.side) != (order.account_id, order.instrument_id, order.side):
        raise BadData(f"fill {fill.fill_id} does not fit order {order.client_order_id}", fill_id=fill.fill_id)
    return Fill.objects.create(
        fill_id=fill.fill_id,
        order=order,
        account_id=fill.account_id,
        instrument_id=fill.instrument,
        run_id=order.run_id,
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
    order.qty, order.status, order.is_working = state.qty, OrderStatus(state.status), state.status.working
    order.filled_qty, order.notional, order.triggered = state.filled_qty, state.notional, state.triggered


def _event_store(order: Order, step: OrderStep) -> None:
    OrderEvent.objects.create(
        order=order,
        seq=order.steps,
        event=step.event,
        key=step.key,
        at_ns=step.at_ns,
        qty=step.qty,
        price=step.price,
        code=step.code[:32],
        reason=step.reason[:_REASON],
    )
