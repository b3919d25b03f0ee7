"""Orders: listed, placed and cancelled, through the one door everybody uses."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.selectors import account_ids
from apps.api import idempotency
from apps.api.access import People, Scope
from apps.api.door import Door, operation
from apps.api.pages import Paging, PerAccount
from apps.api.problems import problem
from apps.execution.services import Ticket, order_ask_cancel, ticket_submit
from apps.orders import selectors
from apps.orders.api.serializers import OrderIn, OrderOut, OrderQuery, StepOut
from apps.orders.models import Order, OrderEvent

ORDERS = "Orders"
PAGING = Paging({"id": ("pk",)}, "-id")
_MARKET = {"account": 1, "instrument": 1, "side": "buy", "qty": "2"}
_STOP = _MARKET | {"side": "sell", "order_type": "sl", "trigger_price": "99.5", "limit_price": "99.4", "exit": True}


class Orders(Door):
    @operation("orders_list", ORDERS, Scope.ORDERS, query=OrderQuery, answer=OrderOut, many=True, paging=PAGING)
    def get(self, request: Request, said: dict[str, Any]) -> QuerySet[Order] | PerAccount:
        """Orders on the accounts I may see."""
        found = selectors.order_list(actor=request.user, account_id=said.get("account"))
        columns = {"instrument": "instrument_id", "run": "run_id"}
        for name in ("instrument", "run", "status", "side", "client_order_id"):
            if name in said:
                found = found.filter(**{columns.get(name, name): said[name]})
        working = said.get("working", True if "status" in said and said["status"].working else None)
        if working is not None:
            found = found.filter(is_working__in=[working])  # `in`: see orders_working
        if working or "run" in said or "client_order_id" in said:
            return found  # few, with an index of their own
        return PerAccount(found, account_ids(actor=request.user, account_id=said.get("account")))

    @operation(
        "orders_place", ORDERS, Scope.ORDERS_WRITE, people=People.TRADERS, body=OrderIn, answer=OrderOut, status=201,
        rate="orders", once="required", refusals=("risk_refused", "not_found", "misconfigured"),
        examples=(("At market", _MARKET), ("A stop with a limit", _STOP)),
    )  # fmt: skip
    def post(self, request: Request, said: dict[str, Any]) -> Order | Response:
        """Place an order. It goes through the risk door; a refusal is a 409 with the numbers it saw."""
        key = idempotency.key_of(request, required=True)
        ticket = Ticket(account_id=said.pop("account"), key=str(key), **said)
        decision = ticket_submit(actor=request.user, ticket=ticket)
        if not decision.allowed:
            return problem(request, "risk_refused", decision.reason, facts=_facts(decision))
        order = selectors.order_by_client_id(decision.client_order_id)
        answer = Response(OrderOut(order).data, status=201)
        answer["Location"] = f"{request.path}/{order.pk}"
        return answer


def _facts(decision: Any) -> dict[str, Any]:
    """Why the door said no, and every number it looked at."""
    return {
        "rule": decision.code,
        "client_order_id": decision.client_order_id,
        "numbers": [
            {"rule": rule, "limit": None if limit is None else str(limit), "seen": None if seen is None else str(seen)}
            for rule, limit, seen in decision.numbers
        ],
    }


class OneOrder(Door):
    @operation("orders_get", ORDERS, Scope.ORDERS, answer=OrderOut)
    def get(self, request: Request, said: dict[str, Any], order_id: int) -> Order:
        """One order as it stands."""
        return selectors.order_get(actor=request.user, order_id=order_id)


class Steps(Door):
    @operation("orders_events", ORDERS, Scope.ORDERS, answer=StepOut, many=True)
    def get(self, request: Request, said: dict[str, Any], order_id: int) -> list[OrderEvent]:
        """Every step of its life, first to last."""
        return list(selectors.order_events(actor=request.user, order_id=order_id))


class Cancel(Door):
    @operation(
        "orders_cancel", ORDERS, Scope.ORDERS_WRITE, people=People.TRADERS, answer=OrderOut, status=202, rate="orders",
        once="accepted", refusals=("illegal_transition",),
    )  # fmt: skip
    def post(self, request: Request, said: dict[str, Any], order_id: int) -> Order:
        """Ask the venue to cancel. It is cancelled once the venue says so; asking twice is harmless."""
        return order_ask_cancel(actor=request.user, order_id=order_id)
