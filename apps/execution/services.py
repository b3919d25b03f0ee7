"""The one door. Every order comes through here, from strategies, people and the kill switch alike.

Each call is one transaction: decision, order, its step and the message that leaves. Ids are
deterministic and unique, so a call repeated after a crash gives the first answer and changes nothing.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from decimal import Decimal

import structlog
from django.db import connection, transaction

from apps.accounts.models import BrokerAccount, User
from apps.accounts.selectors import account_tradable
from apps.audit.services import audit_record
from apps.common.rows import rows
from apps.domain.errors import BadData, BadInput, Misconfigured, NotFound
from apps.domain.messages import (
    CancelOrder,
    CancelWanted,
    Fill,
    Instrument,
    Mode,
    OrderChanged,
    OrderIntent,
    OrderType,
    PositionChanged,
    Side,
    Signal,
    Validity,
    decimal_price,
)
from apps.domain.orders import OrderEvent, OrderStatus, OrderStep
from apps.domain.risk import RiskDoor
from apps.domain.sizing import Refusal, on_tick, size, sizing_parse
from apps.execution.facts import Desk, account_trader, desk_for, instruments, run_trader, view_for
from apps.execution.outgoing import order_say, position_say
from apps.marketdata.quotes import board
from apps.orders.models import Fill as FillRow
from apps.orders.models import Order
from apps.orders.selectors import order_by_client_id, order_get
from apps.orders.services import fill_store, order_create, order_step
from apps.portfolio.services import fill_book
from apps.risk.models import RiskDecision
from apps.risk.selectors import decision_find
from apps.risk.services import decision_store, refusal_store

log = structlog.get_logger("velox.execution")
door = RiskDoor()
BY_HAND = "by_hand"  # a cancel that did not come from the strategy
_BOOKED = f"SELECT 1 FROM {FillRow._meta.db_table} WHERE fill_id = %s"  # noqa: S608


@dataclass(frozen=True, slots=True)
class Ticket:
    """An order as a person writes it. `key`: made by the form, so that sending it twice is one order."""

    account_id: int
    instrument: int
    side: Side
    qty: Decimal
    key: str
    order_type: OrderType = OrderType.MARKET
    limit_price: Decimal | None = None
    trigger_price: Decimal | None = None
    validity: Validity = Validity.DAY
    exit: bool = False
    tag: str = "manual"  # which door it came through


# --- wishes


@transaction.atomic
def signal_submit(signal: Signal, *, now_ns: int | None = None) -> RiskDecision:
    """A strategy's wish: sized by its run's rule, then through the door. Raises NotFound, BadData."""
    answered = decision_find(signal.client_order_id)
    if answered is not None:
        _say_again(signal, answered)
        return answered
    account_lock(signal.account_id)
    account, run = run_trader(signal.run_id, signal.account_id)
    try:
        desk = desk_for(account, _instrument(signal.instrument), signal.at_ns, signal.mark, run)
        intent = size(signal, desk.book, desk.instrument, sizing_parse(run.sizing), desk.mode)
        if not isinstance(intent, Refusal):
            return intent_submit(intent, desk, now_ns=now_ns)
    except Misconfigured as error:  # a rate nobody has set: the strategy must hear of it, the path goes on
        intent = Refusal("no_rate", error.message)
    order_say(_denied(signal, intent.code, intent.reason))
    return refusal_store(signal.client_order_id, signal.account_id, signal.at_ns, intent)


def _say_again(signal: Signal, answered: RiskDecision) -> None:
    """A strategy that goes back to where it was saved wishes the same again, and has to hear the same again.

    The simulated venue makes the same fills of the same order, which are booked once. A cancel that did
    not come from the strategy will not come again by itself, so it follows. A live order is never sent
    twice: what became of it is looked up.
    """
    order = Order.objects.filter(client_order_id=signal.client_order_id).first()
    if order is None or order.status == OrderStatus.DENIED:
        order_say(_denied(signal, answered.code, answered.reason))
    elif order.mode != Mode.LIVE:
        order_say(order.to_domain())
        by_hand = order.events.filter(event=OrderEvent.ASK_CANCEL, code=BY_HAND).first()
        if by_hand is not None:
            order_say(_cancel_order(order, by_hand.at_ns, 0))


@transaction.atomic
def ticket_submit(*, actor: User, ticket: Ticket, now_ns: int | None = None) -> RiskDecision:
    """A person's order. Raises NotFound for an account that is not theirs to trade, BadInput."""
    if not 8 <= len(ticket.key) <= 40 or not ticket.key.isascii():
        raise BadInput("a ticket's key has 8 to 40 plain characters", field="key")
    account = account_tradable(actor=actor, account_id=ticket.account_id)
    client_order_id = f"m{account.pk}-{ticket.key}"
    answered = decision_find(client_order_id)
    if answered is not None:
        return answered
    account_lock(account.pk)
    instrument, now_ns = _instrument(ticket.instrument), now_ns or time.time_ns()
    price, at_ns = venue_now(instrument.number, now_ns)
    if price is None:
        raise BadInput(f"no price of {instrument.symbol} has been seen yet; try again shortly", field="instrument")
    desk = desk_for(account_trader(account), instrument, at_ns, price)
    intent = OrderIntent(
        client_order_id=client_order_id,
        account_id=account.pk,
        instrument=instrument.number,
        side=ticket.side,
        qty=ticket.qty,
        order_type=ticket.order_type,
        price=ticket.limit_price or ticket.trigger_price or price,
        at_ns=at_ns,
        mode=desk.mode,
        limit_price=on_tick(ticket.limit_price, instrument.tick_size),
        trigger_price=on_tick(ticket.trigger_price, instrument.tick_size),
        validity=ticket.validity,
        exit=ticket.exit,
        tag=ticket.tag,
    )
    decision = intent_submit(intent, desk, now_ns=now_ns)
    audit_record(
        action="order.placed", actor=actor, target=decision, after=_told(ticket, account, instrument, decision)
    )
    return decision


def _told(ticket: Ticket, account: BrokerAccount, instrument: Instrument, decision: RiskDecision) -> dict[str, object]:
    """What the audit trail keeps of a person's order; the order's own history has the rest."""
    wish = {"side": ticket.side, "qty": ticket.qty, "type": ticket.order_type, "validity": ticket.validity}
    prices = {"limit_price": ticket.limit_price, "trigger_price": ticket.trigger_price}
    answer = {"allowed": decision.allowed, "code": decision.code}
    asked = {name: price for name, price in prices.items() if price is not None}
    return {"account": account.name, "mode": account.mode, "instrument": instrument.symbol} | wish | asked | answer


def intent_submit(intent: OrderIntent, desk: Desk, *, flatten: bool = False, now_ns: int | None = None) -> RiskDecision:
    """A sized wish through the risk door: the decision, the order with its first step, the message that leaves.

    Call inside a transaction. `flatten`: sent by the kill switch, bound by nothing but possible input.
    """
    decision = door.review(intent, view_for(desk, intent, now_ns or time.time_ns()), flatten)
    event = OrderEvent.DENY if decision.order is None else OrderEvent.ALLOW
    key = f"{event}:{intent.at_ns}:{intent.tape_at}"
    order_create(intent, OrderStep(event, intent.at_ns, key, code=decision.code, reason=decision.reason))
    if decision.order is None:
        order_say(_denied(intent, decision.code, decision.reason))
    else:
        order_say(decision.order)
    return decision_store(intent, decision, flatten=flatten)


def _denied(wish: Signal | OrderIntent, code: str, reason: str) -> OrderChanged:
    return OrderChanged(
        client_order_id=wish.client_order_id,
        account_id=wish.account_id,
        instrument=wish.instrument,
        event=OrderEvent.DENY,
        at_ns=wish.at_ns,
        tape_at=wish.tape_at,
        run_id=wish.run_id,
        code=code,
        reason=reason,
    )


def _instrument(number: int) -> Instrument:
    try:
        return instruments.all()[number]
    except KeyError:
        raise NotFound(f"there is no instrument {number}", instrument=number) from None


def venue_now(instrument: int, now_ns: int) -> tuple[Decimal | None, int]:
    """(last price, the venue's time now): a replay's clock stands where its last tick put it, and runs on."""
    quote = board.get(instrument)
    if quote is None:
        return None, now_ns
    return decimal_price(quote.price), quote.event_ns + max(now_ns - quote.seen_ns, 0)


def account_lock(account_id: int) -> None:
    """One change of an account at a time. SQLite has one writer anyway: its transactions begin IMMEDIATE."""
    if connection.features.has_select_for_update:
        BrokerAccount.objects.select_for_update().filter(pk=account_id).values_list("pk").first()


# --- cancels


@transaction.atomic
def cancel_wanted(wish: CancelWanted) -> bool:
    """A strategy wants a working order gone; False when it has ended, or never was.

    Wished again after a restart, it is said again to a simulated venue, which was told the order again too.
    """
    order = Order.objects.select_for_update().filter(client_order_id=wish.client_order_id).first()
    if order is None or order.account_id != wish.account_id:
        return False
    if order_cancel_ask(order, wish.at_ns, wish.tape_at):
        return True
    if order.mode != Mode.LIVE and order.status != OrderStatus.DENIED:
        order_say(_cancel_order(order, wish.at_ns, wish.tape_at))
    return order.is_working


@transaction.atomic
def order_ask_cancel(*, actor: User, order_id: int, now_ns: int | None = None) -> Order:
    """Ask the venue to cancel; it is `cancelled` only once the venue says so. Asking twice is harmless.

    Raises NotFound for an order that is not the actor's to trade, IllegalTransition when it has ended.
    """
    order = order_get(actor=actor, order_id=order_id, lock=True)
    account_tradable(actor=actor, account_id=order.account_id)
    _, at_ns = venue_now(order.instrument_id, now_ns or time.time_ns())
    if not order.is_working:
        order.state.after(OrderStep(OrderEvent.ASK_CANCEL, at_ns, "too late"))  # raises, with the table's words
    before = order.status
    order_cancel_ask(order, at_ns, 0, BY_HAND)
    if order.status != before:
        audit_record(
            action="order.cancel_asked",
            actor=actor,
            target=order,
            before={"status": before},
            after={"status": order.status},
        )
    return order


def order_cancel_ask(order: Order, at_ns: int, tape_at: int, code: str = "") -> bool:
    """Step and message of a cancel; False when it has ended or was asked before. Call inside a transaction."""
    if not order.is_working or order.status == OrderStatus.PENDING_CANCEL:
        return False
    order_step(order, OrderStep(OrderEvent.ASK_CANCEL, at_ns, f"ask_cancel:{order.steps}", code=code))
    order_say(_cancel_order(order, at_ns, tape_at))
    return True


def _cancel_order(order: Order, at_ns: int, tape_at: int) -> CancelOrder:
    return CancelOrder(
        client_order_id=order.client_order_id,
        account_id=order.account_id,
        instrument=order.instrument_id,
        at_ns=at_ns,
        tape_at=tape_at,
        run_id=order.run_id,
    )


# --- what became of them


@transaction.atomic
def order_event_apply(change: OrderChanged) -> bool:
    """A step told by a venue or by the door; False when it was taken before. Raises NotFound, IllegalTransition."""
    order = Order.objects.select_for_update().filter(client_order_id=change.client_order_id).first()
    if order is None:
        if decision_find(change.client_order_id) is not None:
            return False  # refused before it could be sized: there never was an order
        raise NotFound(f"there is no order {change.client_order_id}", client_order_id=change.client_order_id)
    return order_step(order, OrderStep.of_change(change))


@transaction.atomic
def fill_apply(fill: Fill) -> PositionChanged | None:
    """Book a fill: order, position, ledger, message, all or nothing; None when it was booked before.

    Raises NotFound for an order that is not ours, BadData when order and fill do not fit.
    """
    account = BrokerAccount.objects.select_for_update().filter(pk=fill.account_id).first()
    if account is None:
        raise NotFound(f"there is no account {fill.account_id}", account_id=fill.account_id)
    if rows(_BOOKED, [fill.fill_id]):
        return None
    order = order_by_client_id(fill.client_order_id, lock=True)
    if not order_step(order, OrderStep.of_fill(fill)):
        raise BadData(f"fill {fill.fill_id} is in the steps of its order and nowhere else", fill_id=fill.fill_id)
    if order.state.excess:
        log.error("order_overfilled", order=order.client_order_id, excess=str(order.state.excess), fill=fill.fill_id)
    changed, realised = fill_book(account, fill, _instrument(fill.instrument))
    fill_store(order, fill, realised)
    position_say(changed)
    return changed
