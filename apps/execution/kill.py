"""The emergency exit: stop, cancel what works, close what is open. Blocked by nothing of our own."""

from __future__ import annotations

import time
from dataclasses import dataclass

from django.db import transaction
from django.db.models import QuerySet

from apps.accounts.models import BrokerAccount, User
from apps.domain.messages import OrderIntent, OrderType, Validity
from apps.domain.risk import TradingState
from apps.domain.sizing import flatten_side
from apps.execution.facts import account_trader, desk_for, instruments
from apps.execution.services import BY_HAND, account_lock, intent_submit, order_cancel_ask, venue_now
from apps.orders.models import Order
from apps.orders.selectors import orders_working
from apps.portfolio.models import Position
from apps.risk.models import KillSwitch, Scope
from apps.risk.services import switch_turn
from apps.strategies.selectors import runs_running
from apps.strategies.services import run_park

TAG = "kill-switch"


@dataclass(frozen=True, slots=True)
class Pulled:
    """What one pull set off."""

    switch: KillSwitch
    cancels: int
    flattens: int
    accounts: int


def kill_switch_pull(*, actor: User, scope: Scope, scope_id: int = 0, reason: str, now_ns: int | None = None) -> Pulled:
    """Halt the scope, park its runs, ask for every working order's cancel, send an order out of every open position.

    The halt is committed first: whatever happens next, nothing new goes out. Then one transaction per
    account. Raises NotFound for a scope that is not the actor's.
    """
    switch = switch_turn(actor=actor, scope=scope, scope_id=scope_id, state=TradingState.HALTED, reason=reason)
    accounts = list(_accounts(scope, scope_id))
    for run_id in runs_running([account.pk for account in accounts]):
        run_park(run_id=run_id, reason=f"the kill switch was pulled: {reason}")
    done = [kill_switch_flatten(switch, account, now_ns=now_ns) for account in accounts]
    return Pulled(switch, sum(c for c, _ in done), sum(f for _, f in done), len(accounts))


def kill_switch_rearm(
    *, actor: User, scope: Scope, scope_id: int = 0, reason: str = "", reduce_only: bool = False
) -> KillSwitch:
    """Let the scope trade again (or only out of positions). Other scopes' switches still hold."""
    state = TradingState.REDUCE_ONLY if reduce_only else TradingState.TRADING
    return switch_turn(actor=actor, scope=scope, scope_id=scope_id, state=state, reason=reason)


@transaction.atomic
def kill_switch_flatten(switch: KillSwitch, account: BrokerAccount, *, now_ns: int | None = None) -> tuple[int, int]:
    """One account's cancels and flatten orders, as (cancels, flattens). Call it until `kill_switch_left` is 0:

    a fill that was on its way when the switch was pulled opens a position that only the next call sees.
    """
    account_lock(account.pk)
    now_ns = now_ns or time.time_ns()
    working = list(orders_working(account_id=account.pk).select_for_update())
    flying = {order.instrument_id for order in working if order.tag == TAG}
    cancels = 0
    for order in working:
        if order.tag != TAG:
            _, at_ns = venue_now(order.instrument_id, now_ns)
            cancels += order_cancel_ask(order, at_ns, 0, BY_HAND)
    flattens = 0
    for position in Position.objects.filter(account=account):
        if position.qty and position.instrument_id not in flying:
            flattens += _flatten(switch, account, position, now_ns)
    return cancels, flattens


def _flatten(switch: KillSwitch, account: BrokerAccount, position: Position, now_ns: int) -> bool:
    """Send one position's way out; its id counts the tries of this pull."""
    instrument = instruments.all()[position.instrument_id]
    price, at_ns = venue_now(instrument.number, now_ns)
    stem = f"k{switch.pk}-{switch.pulls}-a{account.pk}-i{instrument.number}-"
    tries = Order.objects.filter(client_order_id__startswith=stem).count()
    desk = desk_for(account_trader(account), instrument, at_ns, price or position.mark)
    intent = OrderIntent(
        client_order_id=f"{stem}{tries + 1}",
        account_id=account.pk,
        instrument=instrument.number,
        side=flatten_side(position.qty),
        qty=abs(position.qty),
        order_type=OrderType.MARKET,
        price=price or position.mark,
        at_ns=at_ns,
        mode=desk.mode,
        validity=Validity.GTC,
        exit=True,
        tag=TAG,
    )
    return intent_submit(intent, desk, flatten=True, now_ns=now_ns).allowed


def kill_switches_press() -> int:
    """Press every halted scope again that is not flat yet; returns how many orders went out."""
    sent = 0
    for switch in KillSwitch.objects.filter(state=TradingState.HALTED).order_by("pk"):
        if kill_switch_left(switch):
            for account in _accounts(Scope(switch.scope), switch.scope_id):
                sent += sum(kill_switch_flatten(switch, account))
    return sent


def kill_switch_left(switch: KillSwitch) -> int:
    """Orders that still work plus positions that are still open in the scope; 0 is flat."""
    accounts = [account.pk for account in _accounts(Scope(switch.scope), switch.scope_id)]
    positions = Position.objects.filter(account__in=accounts).values_list("qty", flat=True)
    return orders_working().filter(account__in=accounts).count() + sum(1 for qty in positions if qty)


def _accounts(scope: Scope, scope_id: int) -> QuerySet[BrokerAccount]:
    accounts = BrokerAccount.objects.order_by("pk")
    if scope == Scope.INSTALLATION:
        return accounts
    return accounts.filter(**{"owner_id" if scope == Scope.USER else "pk": scope_id})
