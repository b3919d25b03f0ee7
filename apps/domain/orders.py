"""The life of an order as a table, and the order as the projection of its append-only steps."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import Final

from apps.domain.errors import BadData, IllegalTransition
from apps.domain.messages import ZERO, Fill, OrderChanged


class OrderStatus(StrEnum):
    NEW = "new"  # through the risk door, not yet left the house
    SENT = "sent"
    LIVE = "live"
    PARTIAL = "partial"
    TRIGGERED = "triggered"
    PENDING_MODIFY = "pending_modify"
    PENDING_CANCEL = "pending_cancel"
    UNKNOWN = "unknown"  # it left and no answer came: look it up, never send it again
    FILLED = "filled"
    CANCELLED = "cancelled"
    REJECTED = "rejected"  # by the broker
    EXPIRED = "expired"
    DENIED = "denied"  # by our own risk door

    @property
    def terminal(self) -> bool:
        return self in TERMINAL

    @property
    def working(self) -> bool:
        return self not in TERMINAL


TERMINAL: Final = frozenset(
    {OrderStatus.FILLED, OrderStatus.CANCELLED, OrderStatus.REJECTED, OrderStatus.EXPIRED, OrderStatus.DENIED}
)
WORKING: Final = tuple(status for status in OrderStatus if status not in TERMINAL)


class OrderEvent(StrEnum):
    ALLOW = "allow"
    DENY = "deny"
    SEND = "send"
    LOSE = "lose"
    ACCEPT = "accept"
    REJECT = "reject"
    TRIGGER = "trigger"
    ASK_MODIFY = "ask_modify"
    MODIFY = "modify"
    REFUSE_MODIFY = "refuse_modify"
    ASK_CANCEL = "ask_cancel"
    CANCEL = "cancel"
    REFUSE_CANCEL = "refuse_cancel"
    EXPIRE = "expire"
    PART_FILL = "part_fill"
    FULL_FILL = "full_fill"


FILLS: Final = frozenset({OrderEvent.PART_FILL, OrderEvent.FULL_FILL})

_MATCHED: Final = {"part_fill": "partial", "full_fill": "filled"}
_ENDED: Final = {"cancel": "cancelled", "expire": "expired", "reject": "rejected"}

ROUTES: Final[dict[str, dict[str, str]]] = {
    "new": {
        "allow": "new",
        "deny": "denied",
        "send": "sent",
        "ask_cancel": "pending_cancel",
        # the venue's first word can reach the books before our own note that the order was sent
        "accept": "live",
        "lose": "unknown",
        "trigger": "triggered",
        **_ENDED,
        **_MATCHED,
    },
    "sent": {
        "send": "sent",  # the outbox may deliver twice
        "lose": "unknown",
        "accept": "live",
        "trigger": "triggered",
        "ask_cancel": "pending_cancel",
        **_ENDED,
        **_MATCHED,  # a fill can outrun its own ack
    },
    "live": {
        "accept": "live",  # brokers repeat themselves
        "send": "live",  # our own note, late
        "lose": "unknown",
        "trigger": "triggered",
        "ask_modify": "pending_modify",
        "ask_cancel": "pending_cancel",
        "modify": "live",  # changed at the broker's own terminal
        "refuse_cancel": "live",  # repeated
        "refuse_modify": "live",  # repeated
        **_ENDED,
        **_MATCHED,
    },
    "triggered": {
        "accept": "triggered",
        "send": "triggered",
        "trigger": "triggered",
        "lose": "unknown",
        "ask_modify": "pending_modify",
        "ask_cancel": "pending_cancel",
        "modify": "triggered",
        **_ENDED,
        **_MATCHED,
    },
    "partial": {
        "accept": "partial",  # the ack the fill outran
        "send": "partial",
        "trigger": "partial",
        "lose": "unknown",
        "ask_modify": "pending_modify",
        "ask_cancel": "pending_cancel",
        "modify": "partial",
        "refuse_cancel": "partial",
        "refuse_modify": "partial",
        "cancel": "cancelled",
        "expire": "expired",
        **_MATCHED,
    },
    "pending_modify": {
        "accept": "pending_modify",
        "send": "pending_modify",
        "modify": "live",
        "refuse_modify": "live",
        "trigger": "pending_modify",
        "ask_cancel": "pending_cancel",
        "lose": "unknown",
        "part_fill": "pending_modify",  # matched while our change flew
        "full_fill": "filled",
        **_ENDED,
    },
    "pending_cancel": {
        "ask_cancel": "pending_cancel",  # asking twice is harmless
        "send": "pending_cancel",
        "accept": "pending_cancel",
        "trigger": "pending_cancel",
        "modify": "pending_cancel",
        "refuse_modify": "pending_cancel",
        "refuse_cancel": "live",
        "lose": "unknown",
        "part_fill": "pending_cancel",
        "full_fill": "filled",
        **_ENDED,
    },
    "unknown": {
        "lose": "unknown",
        "send": "unknown",
        "accept": "live",  # looked up: it had arrived
        "trigger": "triggered",
        "ask_cancel": "pending_cancel",
        **_ENDED,
        **_MATCHED,
    },
    # What follows an end: repeats change nothing, and a fill is a fact however late it is told.
    "filled": {
        "send": "filled",
        "accept": "filled",  # late ack
        "trigger": "filled",
        "cancel": "filled",  # the venue confirms a cancel of nothing
        "refuse_cancel": "filled",  # too late to cancel
        "refuse_modify": "filled",
        "part_fill": "filled",  # more than was ordered: booked, and flagged as excess
        "full_fill": "filled",
    },
    "cancelled": {
        "send": "cancelled",
        "accept": "cancelled",
        "cancel": "cancelled",
        "refuse_cancel": "cancelled",
        "part_fill": "cancelled",  # matched while our cancel flew; what is left stays cancelled
        "full_fill": "filled",  # matched whole while our cancel flew
    },
    "expired": {
        "expire": "expired",
        "accept": "expired",
        "cancel": "expired",
        "refuse_cancel": "expired",
        "part_fill": "expired",
        "full_fill": "filled",
    },
    "rejected": {
        "reject": "rejected",
        "refuse_cancel": "rejected",
        **_MATCHED,  # given up as lost too early: the venue knew it after all
    },
    "denied": {"deny": "denied"},
}


def transition(status: OrderStatus | str, event: OrderEvent | str) -> OrderStatus:
    """Where an order goes next; raises IllegalTransition rather than guess."""
    try:
        return OrderStatus(ROUTES[status][event])
    except KeyError:
        raise IllegalTransition(f"a {status} order cannot {event}", status=status, event=event) from None


@dataclass(frozen=True, slots=True)
class OrderStep:
    """One append-only entry in an order's life.

    `qty`, `price`: of a fill; `qty` of a `modify` is the order's new quantity (0: unchanged).
    `key` tells repeats apart: two steps of one order with the same key are one step told twice.
    """

    event: OrderEvent
    at_ns: int
    key: str
    qty: Decimal = ZERO
    price: Decimal = ZERO
    code: str = ""
    reason: str = ""

    @classmethod
    def of_fill(cls, fill: Fill) -> OrderStep:
        event = OrderEvent.FULL_FILL if fill.closes_order else OrderEvent.PART_FILL
        return cls(event, fill.at_ns, f"fill:{fill.fill_id}", fill.qty, fill.price)

    @classmethod
    def of_change(cls, change: OrderChanged) -> OrderStep:
        """Raises BadData on an event the table does not know. A fill comes as a Fill, never as a change."""
        if change.event not in OrderEvent.__members__.values() or change.event in FILLS:
            raise BadData(f"{change.client_order_id}: no order step is called {change.event!r}", event=change.event)
        key = f"{change.event}:{change.at_ns}:{change.tape_at}"
        return cls(OrderEvent(change.event), change.at_ns, key, code=change.code, reason=change.reason)


@dataclass(frozen=True, slots=True)
class OrderState:
    """What an order's steps add up to: the row. `notional`: sum of price x qty over its fills.

    `sized_at_fill`: `qty` is an estimate (a share of cash), the fill that closes the order settles it.
    """

    qty: Decimal
    status: OrderStatus = OrderStatus.NEW
    filled_qty: Decimal = ZERO
    notional: Decimal = ZERO
    triggered: bool = False
    sized_at_fill: bool = False

    @property
    def avg_price(self) -> Decimal | None:
        """Mean price of what is filled, None before the first fill."""
        return self.notional / self.filled_qty if self.filled_qty else None

    @property
    def remaining(self) -> Decimal:
        """What may still fill: nothing once the order has ended."""
        return ZERO if self.status.terminal else max(self.qty - self.filled_qty, ZERO)

    @property
    def excess(self) -> Decimal:
        """Filled beyond what was ordered: a venue's fault, booked because the money moved, and to be shouted about."""
        return max(self.filled_qty - self.qty, ZERO)

    def after(self, step: OrderStep) -> OrderState:
        """The state one step later. Raises IllegalTransition where the table has no way."""
        status = transition(self.status, step.event)
        triggered = self.triggered or step.event is OrderEvent.TRIGGER
        if step.event in FILLS:
            return self._filled(status, step, triggered)
        qty = step.qty if step.event is OrderEvent.MODIFY and step.qty else self.qty
        return replace(self, qty=qty, status=_settled(status, self.filled_qty, triggered), triggered=triggered)

    def _filled(self, status: OrderStatus, step: OrderStep, triggered: bool) -> OrderState:
        filled = self.filled_qty + step.qty
        qty = self.qty
        if self.sized_at_fill:
            qty = filled if step.event is OrderEvent.FULL_FILL else max(qty, filled)
        elif status.working and filled >= qty:
            status = OrderStatus.FILLED  # the venue called it a part, but nothing is left
        return replace(
            self,
            qty=qty,
            status=status,
            filled_qty=filled,
            notional=self.notional + step.qty * step.price,
            triggered=triggered,
        )


def _settled(status: OrderStatus, filled_qty: Decimal, triggered: bool) -> OrderStatus:
    """`live` says only that it works at the venue; what it has been through says which kind of live."""
    if status is not OrderStatus.LIVE:
        return status
    if filled_qty:
        return OrderStatus.PARTIAL
    return OrderStatus.TRIGGERED if triggered else status


def order_fold(born: OrderState, steps: Iterable[OrderStep]) -> OrderState:
    """Replay an order's steps, oldest first, each key once. The row must equal this at any time."""
    state, seen = born, set[str]()
    for step in steps:
        if step.key not in seen:
            seen.add(step.key)
            state = state.after(step)
    return state
