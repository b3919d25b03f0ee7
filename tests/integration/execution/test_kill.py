"""The kill switch: halted at once, everything cancelled, everything closed, whatever the limits say."""

from decimal import Decimal

import pytest

from apps.domain.errors import NotFound
from apps.domain.messages import CancelOrder, NewOrder, OrderType
from apps.domain.risk import TradingState
from apps.execution.kill import kill_switch_flatten, kill_switch_left, kill_switch_pull, kill_switch_rearm
from apps.execution.services import fill_apply, order_event_apply
from apps.orders.models import Order
from apps.portfolio.models import Position
from apps.risk.models import KillSwitchEvent, Scope
from apps.risk.services import limits_set
from tests import builders
from tests.integration.money import NOW, Desk, outbox

D = Decimal


def pull(desk: Desk, scope: Scope = Scope.ACCOUNT, actor=None, **facts):
    scope_id = {Scope.ACCOUNT: desk.account.pk, Scope.USER: desk.account.owner_id}.get(scope, 0)
    actor = actor or desk.account.owner
    return kill_switch_pull(actor=actor, scope=scope, scope_id=scope_id, reason="smoke", now_ns=NOW, **facts)


@pytest.fixture
def busy(desk: Desk) -> Desk:
    """Long 5, with a resting limit order."""
    fill_apply(desk.fill(desk.order(qty="5")))
    desk.order(qty="1", order_type=OrderType.LIMIT, limit_price=D(90))
    return desk


@pytest.mark.parametrize("scope", [Scope.ACCOUNT, Scope.USER, Scope.INSTALLATION])
def test_one_pull_cancels_what_works_and_closes_what_is_open(busy, scope):
    resting = Order.objects.get(is_working=True)
    pulled = pull(busy, scope, actor=builders.admin())
    assert (pulled.cancels, pulled.flattens, pulled.accounts) == (1, 1, 1)
    cancel, flatten = outbox()[-2:]
    assert isinstance(cancel, CancelOrder) and cancel.client_order_id == resting.client_order_id
    assert isinstance(flatten, NewOrder) and (flatten.side, flatten.qty, flatten.exit) == ("sell", 5, True)
    assert kill_switch_left(pulled.switch) == 3  # two orders on their way, one position
    order_event_apply(busy.change(resting, "cancel"))
    fill_apply(busy.fill(Order.objects.get(tag="kill-switch")))
    assert kill_switch_left(pulled.switch) == 0 and Position.objects.get().qty == 0


def test_after_a_pull_nothing_new_goes_out_until_it_is_re_armed(busy):
    pull(busy)
    assert [busy.submit(qty=D(3)).code, busy.ticket("sell").code] == ["kill_switch", "kill_switch"]
    owner, account = busy.account.owner, busy.account.pk
    kill_switch_rearm(actor=owner, scope=Scope.ACCOUNT, scope_id=account, reduce_only=True)
    Order.objects.filter(is_working=True).update(is_working=False)
    assert [busy.ticket("buy").code, busy.ticket("sell").code] == ["kill_switch", "allowed"]
    kill_switch_rearm(actor=owner, scope=Scope.ACCOUNT, scope_id=account)
    assert busy.submit(qty=D(4)).allowed


def test_another_scopes_switch_still_holds_after_one_is_re_armed(desk):
    admin = builders.admin()
    pull(desk)
    pull(desk, Scope.INSTALLATION, admin)
    kill_switch_rearm(actor=desk.account.owner, scope=Scope.ACCOUNT, scope_id=desk.account.pk)
    assert desk.submit().code == "kill_switch"


def test_a_fill_that_was_on_its_way_is_closed_by_the_next_look(busy):
    resting = Order.objects.get(is_working=True)
    switch = pull(busy).switch
    fill_apply(busy.fill(Order.objects.get(tag="kill-switch")))
    fill_apply(busy.fill(resting))  # matched while our cancel flew
    assert kill_switch_flatten(switch, busy.account, now_ns=NOW) == (0, 1)
    assert kill_switch_flatten(switch, busy.account, now_ns=NOW) == (0, 0)  # one is on its way already
    fill_apply(busy.fill(Order.objects.get(tag="kill-switch", is_working=True)))
    assert kill_switch_left(switch) == 0


def test_no_limit_stops_the_way_out(busy):
    limits = {"max_order_qty": D(1), "max_order_notional": D(1), "max_orders_per_s": 1, "max_tick_age_s": D(0)}
    limits_set(actor=busy.account.owner, scope=Scope.ACCOUNT, scope_id=busy.account.pk, max_daily_loss=D(0), **limits)
    assert pull(busy).flattens == 1


def test_pulling_twice_closes_once_and_keeps_who_and_why(busy):
    assert [pull(busy).flattens, pull(busy).flattens] == [1, 0]
    events = KillSwitchEvent.objects.order_by("pk")
    assert [(e.state, e.reason, e.actor) for e in events] == [(TradingState.HALTED, "smoke", busy.account.owner)] * 2


def test_only_an_admin_stops_the_installation_and_nobody_another_user(busy):
    stranger = builders.trader()
    for scope in (Scope.INSTALLATION, Scope.USER, Scope.ACCOUNT):
        with pytest.raises(NotFound):
            pull(busy, scope, stranger)
    assert busy.submit(qty=D(3)).allowed


def test_another_account_of_another_user_is_left_alone(busy):
    other = Desk()
    fill_apply(other.fill(other.order()))
    pull(busy, Scope.USER)
    assert (
        other.submit(qty=D(3)).allowed and not Order.objects.filter(account=other.account, tag="kill-switch").exists()
    )
