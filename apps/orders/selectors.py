"""Orders and fills are seen by whoever may see their account; somebody else's look like missing ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import QuerySet

from apps.accounts.models import User
from apps.accounts.selectors import account_list
from apps.domain.errors import NotFound
from apps.domain.orders import OrderState, order_fold
from apps.orders.models import Fill, Order, OrderEvent


def order_list(*, actor: User, account_id: int | None = None) -> QuerySet[Order]:
    """Orders on accounts the actor may see, newest first, each with its instrument and account."""
    orders = Order.objects.select_related("instrument", "account")
    if not actor.is_admin:
        orders = orders.filter(account__in=account_list(actor=actor).values("pk"))
    return orders if account_id is None else orders.filter(account_id=account_id)


def order_get(*, actor: User, order_id: int, lock: bool = False) -> Order:
    """One order to look at. Raises NotFound."""
    orders = order_list(actor=actor)
    found = (orders.select_for_update(of=("self",)) if lock else orders).filter(pk=order_id).first()
    if found is None:
        raise NotFound("no such order", order_id=order_id)
    return found


def order_events(*, actor: User, order_id: int) -> QuerySet[OrderEvent]:
    """The steps of one order, first to last. Raises NotFound."""
    return order_get(actor=actor, order_id=order_id).events.order_by("seq")


def fill_list(*, actor: User, account_id: int | None = None) -> QuerySet[Fill]:
    """Fills on accounts the actor may see, newest first."""
    fills = Fill.objects.select_related("instrument", "order")
    if not actor.is_admin:
        fills = fills.filter(account__in=account_list(actor=actor).values("pk"))
    return fills if account_id is None else fills.filter(account_id=account_id)


def order_by_client_id(client_order_id: str, *, lock: bool = False) -> Order:
    """For the path, which has no actor. Raises NotFound."""
    orders = Order.objects.select_for_update() if lock else Order.objects.all()
    found = orders.filter(client_order_id=client_order_id).first()
    if found is None:
        raise NotFound(f"there is no order {client_order_id}", client_order_id=client_order_id)
    return found


def orders_working(*, account_id: int | None = None) -> QuerySet[Order]:
    """Orders that have not ended, oldest first: what a venue has to be told again after a restart."""
    # `in`: a bare boolean is no comparison to SQLite's planner, which would pass over the index
    orders = Order.objects.filter(is_working__in=[True]).order_by("pk")
    return orders if account_id is None else orders.filter(account_id=account_id)


@dataclass(frozen=True, slots=True)
class Drift:
    """A row that is not what its steps add up to."""

    order: Order
    row: OrderState
    steps: OrderState


def order_rebuild(order: Order) -> OrderState:
    """What the order's steps add up to, read from the beginning."""
    return order_fold(order.born, (event.step for event in order.events.order_by("seq")))


def orders_drifted() -> Iterator[Drift]:
    """Every order whose row differs from its steps; none, unless somebody wrote past the services."""
    for order in Order.objects.order_by("pk").iterator(500):
        state = order_rebuild(order)
        if state != order.state:
            yield Drift(order, order.state, state)
