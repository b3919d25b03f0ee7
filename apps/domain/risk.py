"""The one risk door: an intent and what is known go in, a decision with every number it saw comes out.

Orders that reduce a position are never stopped by size or loss: one must always be able to get out.
Orders of the kill switch (`flatten`) are stopped by nothing but input that makes no sense.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from apps.domain.messages import ZERO, NewOrder, OrderIntent, OrderType
from apps.domain.risk_rules import RULES, Rule
from apps.domain.risk_view import (
    SAFE,
    SECOND,
    Case,
    Recent,
    RecentOrders,
    RiskLimits,
    RiskView,
    Seen,
    TradingState,
    limits_stack,
    strictest_state,
)

__all__ = [
    "ALLOWED",
    "INPUT",
    "RULES",
    "SAFE",
    "SECOND",
    "Decision",
    "Recent",
    "RecentOrders",
    "RiskDoor",
    "RiskLimits",
    "RiskView",
    "Rule",
    "Seen",
    "TradingState",
    "limits_stack",
    "strictest_state",
]


@dataclass(frozen=True, slots=True)
class Decision:
    """The door's answer. `order` None: refused, `code` is the first rule that said no. `numbers`: all that was seen."""

    order: NewOrder | None
    code: str
    reason: str
    numbers: tuple[Seen, ...]
    at_ns: int
    reducing: bool = False


ALLOWED: Final = "allowed"
INPUT: Final = "input"


class RiskDoor:
    """Puts an intent before every rule, in order; deterministic: the same intent and view, the same decision."""

    def __init__(self, rules: Sequence[Rule] = RULES) -> None:
        self.rules = rules

    def review(self, intent: OrderIntent, view: RiskView, flatten: bool = False) -> Decision:
        """`flatten`: sent by the kill switch itself, bound by possible input only (the rest is still recorded)."""
        wrong = impossible(intent, view)
        case = None if wrong else _case(intent, view, flatten)
        if case is not None and (intent.exit or flatten) and not case.reducing:
            wrong = f"an exit of {intent.qty} would not reduce a position of {view.position_qty}"
        if case is None or wrong:
            return Decision(None, INPUT, wrong, (Seen(INPUT, "possible", wrong),), intent.at_ns)
        numbers, first = [Seen(INPUT, "possible", "possible")], None
        for rule in self.rules:
            seen, refusal = rule.review(case)
            numbers.append(seen)
            if refusal is not None and first is None and not flatten:
                first = refusal
        if first is not None:
            return Decision(None, first.code, first.reason, tuple(numbers), intent.at_ns, case.reducing)
        return Decision(_order(intent), ALLOWED, "", tuple(numbers), intent.at_ns, case.reducing)


def impossible(intent: OrderIntent, view: RiskView) -> str:
    """Why no venue could take this order at all; empty where one could."""
    needs_limit = intent.order_type in (OrderType.LIMIT, OrderType.SL)
    needs_trigger = intent.order_type in (OrderType.SL, OrderType.SL_M)
    if not intent.qty.is_finite() or intent.qty <= 0:
        return f"a quantity of {intent.qty} cannot be traded"
    if not intent.price.is_finite() or intent.price <= 0:
        return f"a price of {intent.price} cannot be traded"
    if intent.qty % view.instrument.lot_size and intent.qty != abs(view.position_qty):
        return f"{intent.qty} is not a whole number of lots of {view.instrument.lot_size}"
    if needs_limit != (intent.limit_price is not None) or needs_trigger != (intent.trigger_price is not None):
        return f"a {intent.order_type} order with limit {intent.limit_price} and trigger {intent.trigger_price}"
    prices = (price for price in (intent.limit_price, intent.trigger_price) if price is not None)
    if any(not price.is_finite() or price <= 0 for price in prices):
        return "limit and trigger prices are above zero"
    return ""


def reduces(intent: OrderIntent, view: RiskView) -> bool:
    """Would this only bring the position closer to zero, even after all that already works on its side?"""
    held = abs(view.position_qty) if view.position_qty * intent.side.sign < 0 else ZERO
    return intent.qty + (ZERO if intent.exit else view.working_qty) <= held


def _case(intent: OrderIntent, view: RiskView, flatten: bool) -> Case:
    return Case(
        intent=intent,
        view=view,
        reducing=reduces(replace(intent, exit=True) if flatten else intent, view),
        flatten=flatten,
        notional=intent.qty * intent.price * view.instrument.multiplier * view.rate,
        position_after=view.position_qty + intent.side.sign * (intent.qty + view.working_qty),
    )


def _order(intent: OrderIntent) -> NewOrder:
    return NewOrder(
        client_order_id=intent.client_order_id,
        account_id=intent.account_id,
        instrument=intent.instrument,
        side=intent.side,
        qty=intent.qty,
        order_type=intent.order_type,
        mode=intent.mode,
        at_ns=intent.at_ns,
        limit_price=intent.limit_price,
        trigger_price=intent.trigger_price,
        validity=intent.validity,
        exit=intent.exit,
        oco=intent.oco,
        tag=intent.tag,
        run_id=intent.run_id,
        tape_at=intent.tape_at,
        cash_fraction=intent.cash_fraction,
    )
