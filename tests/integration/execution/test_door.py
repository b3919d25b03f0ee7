"""The one door: what a wish becomes, in the database and in the outbox."""

from decimal import Decimal

import pytest

from apps.domain.errors import BadInput, NotFound
from apps.domain.messages import NewOrder, OrderChanged, OrderType
from apps.execution import services
from apps.execution.services import order_event_apply, signal_submit
from apps.orders.models import Order, OrderEvent
from apps.risk.models import RiskDecision, Scope
from apps.risk.services import limits_set
from tests import builders
from tests.integration.money import EVENT, NOW, outbox, quote

D = Decimal


def test_a_signal_becomes_a_decision_an_order_its_first_step_and_a_message(desk):
    decision = desk.submit()
    order = Order.objects.get()
    assert (decision.allowed, decision.code) == (True, "allowed")
    assert (order.status, order.qty, order.mode, order.run_id) == ("new", 2, "dry_run", desk.run.pk)
    assert list(order.events.values_list("seq", "event")) == [(1, "allow")]
    assert outbox() == [order.to_domain()]
    assert (order.to_domain().at_ns, order.to_domain().tape_at) == (EVENT, 7)


def test_the_same_signal_again_gets_the_first_answer_and_the_same_order_is_said_again(desk):
    """A strategy that went back to where it was saved has to hear again what became of its wish."""
    signal = desk.signal()
    first = signal_submit(signal, now_ns=NOW)
    quote(desk.instrument.number, 50, seen_ns=1)  # by now the door would refuse it as stale
    again = signal_submit(signal, now_ns=NOW)
    assert again == first
    assert (Order.objects.count(), OrderEvent.objects.count()) == (1, 1)
    assert outbox() == [Order.objects.get().to_domain()] * 2  # a simulated venue hears it again, and fills it once


def test_a_live_order_is_never_said_twice(desk):
    signal = desk.signal()
    signal_submit(signal, now_ns=NOW)
    Order.objects.update(mode="live")
    signal_submit(signal, now_ns=NOW)
    assert len(outbox()) == 1


def test_an_order_that_a_person_cancelled_is_not_brought_back_by_a_strategy_that_wishes_again(desk):
    signal = desk.signal()
    signal_submit(signal, now_ns=NOW)
    services.order_ask_cancel(actor=desk.account.owner, order_id=Order.objects.get().pk)
    signal_submit(signal, now_ns=NOW)
    assert [type(message).__name__ for message in outbox()] == ["NewOrder", "CancelOrder"] * 2


def test_a_refused_order_is_kept_as_denied_with_the_numbers_and_the_strategy_hears_of_it(desk):
    limits_set(actor=desk.account.owner, scope=Scope.ACCOUNT, scope_id=desk.account.pk, max_order_qty=D(1))
    decision = desk.submit()
    order = Order.objects.get()
    assert (decision.allowed, decision.code, order.status, order.is_working) == (False, "order_qty", "denied", False)
    assert ["order_qty", "1", "2"] in decision.numbers
    (told,) = outbox()
    assert isinstance(told, OrderChanged) and (told.event, told.code, told.run_id) == ("deny", "order_qty", desk.run.pk)


def test_the_refusal_coming_back_round_the_path_is_a_repeat(desk):
    limits_set(actor=desk.account.owner, scope=Scope.ACCOUNT, scope_id=desk.account.pk, max_order_qty=D(1))
    desk.submit()
    desk.submit("sell", exit=True)
    assert [order_event_apply(told) for told in outbox()] == [False, False]


def test_a_wish_that_cannot_be_sized_leaves_a_decision_and_no_order(desk):
    decision = desk.submit("sell", exit=True)
    assert (decision.code, Order.objects.count()) == ("nothing_to_exit", 0)
    assert [told.event for told in outbox()] == ["deny"]


def test_an_instrument_whose_currency_has_no_rate_is_refused_with_what_to_do(desk):
    desk.instrument.currency = "JPY"
    desk.instrument.save()
    decision = desk.submit()
    assert decision.code == "no_rate" and "no rate for JPY" in decision.reason


def test_a_signal_of_a_run_on_another_account_is_refused_as_unknown(desk):
    with pytest.raises(NotFound):
        desk.submit(account_id=builders.account().pk)


def test_a_crash_in_the_middle_leaves_nothing_and_the_repeat_does_it_all(desk, monkeypatch):
    signal = desk.signal()
    with monkeypatch.context() as broken, pytest.raises(OSError):
        broken.setattr(services, "decision_store", lambda *a, **k: (_ for _ in ()).throw(OSError("power")))
        signal_submit(signal, now_ns=NOW)
    assert (Order.objects.count(), RiskDecision.objects.count(), outbox()) == (0, 0, [])
    assert signal_submit(signal, now_ns=NOW).allowed and Order.objects.count() == 1


# --- tickets


def test_a_ticket_goes_through_the_same_door_at_the_venues_time(desk):
    quote(desk.instrument.number, 101.5, seen_ns=NOW - 2 * 10**9)
    decision = desk.ticket(order_type=OrderType.LIMIT, limit_price=D("99.999"))
    order = Order.objects.get()
    assert decision.allowed and (order.limit_price, order.price, order.tag) == (D("100.00"), D("99.999"), "manual")
    assert order.decided_ns == EVENT + 2 * 10**9  # two seconds have passed since the last tick
    assert isinstance(outbox()[0], NewOrder)


def test_a_double_click_is_one_order(desk):
    assert desk.ticket(key="form-000001") == desk.ticket(key="form-000001")
    assert Order.objects.count() == 1


def test_the_same_ticket_from_two_forms_is_stopped_as_a_duplicate(desk):
    assert [desk.ticket().code, desk.ticket().code] == ["allowed", "duplicate"]


def test_nobody_trades_on_somebody_elses_account(desk):
    desk.account.owner = builders.trader()
    with pytest.raises(NotFound):
        desk.ticket()


def test_an_investor_with_a_grant_may_look_and_not_trade(desk):
    reader = builders.investor()
    desk.account.grants.create(investor=reader)
    desk.account.owner = reader
    with pytest.raises(NotFound):
        desk.ticket()


def test_a_ticket_for_something_without_a_price_asks_to_try_again(desk):
    desk.instrument = builders.instrument()
    with pytest.raises(BadInput, match="no price of"):
        desk.ticket()


# --- the view the rules get


def test_a_stale_price_is_refused(desk):
    quote(desk.instrument.number, 100, seen_ns=NOW - 31 * 10**9)
    assert desk.ticket().code == "tick_age_s"


def test_ten_orders_a_second_go_out_and_the_eleventh_does_not(desk):
    codes = [desk.submit(qty=D(n + 1)).code for n in range(11)]
    assert codes == ["allowed"] * 10 + ["orders_per_s"]
    assert desk.submit(qty=D(30), at_ns=EVENT + 10**9).code == "allowed"


def test_working_orders_count_towards_the_position(desk):
    limits_set(actor=desk.account.owner, scope=Scope.ACCOUNT, scope_id=desk.account.pk, max_position_qty=D(5))
    assert [desk.submit(qty=D(q)).code for q in (3, 2, 1)] == ["allowed", "allowed", "position_qty"]


def test_a_live_run_is_refused_while_the_installation_is_not_live(desk):
    desk.run.mode = "live"
    desk.run.save()
    decision = desk.submit()
    assert decision.code == "live_switch" and Order.objects.get().mode == "live"


def test_all_three_switches_on_a_live_order_goes_out(desk, settings):
    settings.LIVE_TRADING = True
    desk.run.mode = desk.account.mode = "live"
    desk.account.live_enabled = True
    desk.run.save()
    desk.account.save()
    assert desk.submit().allowed


# --- what it costs


def test_an_order_takes_the_same_few_statements_however_much_the_account_holds(desk, django_assert_num_queries):
    desk.submit(qty=D(1))
    for n in range(5):
        other = builders.instrument()
        quote(other.number, 100)
        services.fill_apply(desk.fill(desk.order(qty="1", instrument=other.number), price="100"))
        desk.order(qty=str(n + 3))
    signal = desk.signal(at_ns=EVENT + 100 * 10**9)
    with django_assert_num_queries(15):  # savepoint and its release, 9 questions, 4 rows
        signal_submit(signal, now_ns=NOW)
