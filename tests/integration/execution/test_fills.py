"""Fills: order, position, ledger and message in one transaction, once, however often they are told."""

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apps.common.models import Outbox
from apps.domain.errors import BadData, NotFound
from apps.domain.ledger import Account
from apps.domain.messages import CancelWanted, PositionChanged
from apps.execution import services
from apps.execution.services import cancel_wanted, fill_apply, order_ask_cancel, order_event_apply
from apps.orders.models import Fill, Order, OrderEvent
from apps.orders.selectors import order_rebuild
from apps.portfolio.models import Cash, LedgerEntry, Position
from apps.portfolio.selectors import account_summary, book_for
from apps.risk.models import RiskLimit
from tests import builders
from tests.integration.money import EVENT, Desk, outbox

D = Decimal


def everything() -> list:
    """All that money depends on, row by row."""
    tables = (Order, OrderEvent, Fill, Position, Cash, LedgerEntry)
    return [list(table.objects.order_by("pk").values()) for table in tables]


def told(order: Order, *events) -> Order:
    for event in events:
        services.order_event_apply(event)
    return Order.objects.get(pk=order.pk)


def test_a_whole_life_from_signal_to_filled(desk):
    order = desk.order(qty="3")
    order = told(order, desk.change(order, "send"), desk.change(order, "accept"))
    assert order.status == "live"
    fill_apply(desk.fill(order, "1", price="100", fee="0.5"))
    fill_apply(desk.fill(order, "2", price="103", fee="1", closes_order=True))
    order.refresh_from_db()
    assert (order.status, order.filled_qty, order.avg_price, order.is_working) == ("filled", 3, 102, False)
    assert list(order.events.values_list("event", flat=True)) == ["allow", "send", "accept", "part_fill", "full_fill"]
    position = Position.objects.get()
    assert (position.qty, position.cost, position.fees) == (3, 306, D("1.5"))
    assert Cash.objects.get().amount == 100_000 - 306 - D("1.5")
    changed = [message for message in outbox() if isinstance(message, PositionChanged)]
    assert [(change.qty, change.avg_price) for change in changed] == [(1, 100), (3, 102)]


def test_every_message_told_twice_changes_nothing(desk):
    order = desk.order(qty="3")
    life = [desk.change(order, "send"), desk.change(order, "accept"), desk.change(order, "trigger")]
    fills = [desk.fill(order, "1", fee="0.1"), desk.fill(order, "2", closes_order=True)]
    for _ in range(2):
        for change in life:
            order_event_apply(change)
        for fill in fills:
            fill_apply(fill)
        after = everything(), Outbox.objects.count()
        first = after if _ == 0 else first  # noqa: F821
    assert after == first


def test_a_crash_between_the_steps_of_a_fill_leaves_none_of_them(desk, monkeypatch):
    order = desk.order()
    before, fill = everything(), desk.fill(order)
    for step in ("fill_book", "fill_store", "position_say"):
        with monkeypatch.context() as broken, pytest.raises(OSError):
            broken.setattr(services, step, lambda *a, **k: (_ for _ in ()).throw(OSError("power")))
            fill_apply(fill)
        assert everything() == before
    assert fill_apply(fill).qty == 2


def test_a_fill_of_an_order_that_is_not_ours_is_not_booked(desk):
    order = desk.order()
    stranger = desk.fill(order)
    order.client_order_id = "somebody-else"
    with pytest.raises(NotFound):
        fill_apply(desk.fill(order))
    assert fill_apply(stranger) is not None


def test_a_fill_that_does_not_fit_its_order_is_refused_whole(desk):
    order, other = desk.order(), builders.instrument()
    before = everything()
    fill = desk.fill(order)
    order.instrument_id = other.number
    with pytest.raises(BadData):
        fill_apply(desk.fill(order))
    assert everything() == before and fill_apply(fill)


def test_more_than_was_ordered_is_booked_because_the_money_moved(desk):
    order = desk.order()
    fill_apply(desk.fill(order))
    fill_apply(desk.fill(order, "1"))
    order.refresh_from_db()
    assert (order.status, order.state.excess, Position.objects.get().qty) == ("filled", 1, 3)


def test_a_cancel_is_asked_for_once_and_done_when_the_venue_says_so(desk):
    order = desk.order()
    actor = desk.account.owner
    for _ in range(2):
        assert order_ask_cancel(actor=actor, order_id=order.pk).status == "pending_cancel"
    assert [type(message).__name__ for message in outbox()] == ["NewOrder", "CancelOrder"]
    assert told(order, desk.change(order, "cancel")).status == "cancelled"


def test_a_strategys_cancel_is_one_step_however_often_it_is_wished(desk):
    order = desk.order()
    wish = CancelWanted(order.account_id, order.client_order_id, EVENT, 9, order.instrument_id, order.run_id)
    assert cancel_wanted(wish) and cancel_wanted(wish)
    assert list(order.events.values_list("event", flat=True)) == ["allow", "ask_cancel"]
    assert [type(message).__name__ for message in outbox()] == ["NewOrder", "CancelOrder", "CancelOrder"]
    fill_apply(desk.fill(order))
    assert not cancel_wanted(wish)
    assert told(order, desk.change(order, "refuse_cancel")).status == "filled"


def test_nobody_cancels_somebody_elses_order(desk):
    order = desk.order()
    with pytest.raises(NotFound):
        order_ask_cancel(actor=builders.trader(), order_id=order.pk)


def test_a_fill_that_crossed_our_cancel_is_booked(desk):
    order = desk.order()
    order_ask_cancel(actor=desk.account.owner, order_id=order.pk)
    order = told(order, desk.change(order, "cancel"))
    fill_apply(desk.fill(order))
    order.refresh_from_db()
    assert (order.status, Position.objects.get().qty) == ("filled", 2)


history = st.lists(
    st.tuples(
        st.sampled_from(["buy", "sell"]),
        st.decimals("0.001", "90", places=3),
        st.decimals("0.01", "5000", places=5),
        st.decimals("-1", "9", places=4),
    ),
    min_size=1,
    max_size=6,
)


@pytest.mark.django_db
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(trades=history)
def test_equity_from_the_rows_is_cash_plus_positions_and_the_ledger_says_the_same(db, trades):
    desk = Desk(instrument=builders.instrument(lot_size=D("0.001"), multiplier=D("2.5")))
    RiskLimit.objects.update_or_create(scope="installation", defaults={"max_daily_loss_pct": D(10**6)})
    for side, qty, price, fee in trades:
        order = desk.order(side, str(qty))
        fill_apply(desk.fill(order, price=str(price), fee=str(fee)))
        assert order_rebuild(order) == Order.objects.get(pk=order.pk).state
    book = book_for(desk.account, marks=lambda number: None)
    lines = list(LedgerEntry.objects.filter(account=desk.account))
    cash = sum((line.amount for line in lines if line.ledger_account == Account.CASH), D(0))
    cost = sum((line.amount for line in lines if line.ledger_account == Account.POSITIONS), D(0))
    position = Position.objects.get(account=desk.account)
    assert sum(line.amount for line in lines) == 0
    assert (book.cash, position.cost) == (cash, cost)
    assert book.equity == book.cash + position.qty * position.mark * D("2.5")
    assert book.equity == 100_000 + book.realised + book.unrealised - book.fees
    summary = account_summary(actor=desk.account.owner, account_id=desk.account.pk, marks=lambda number: None)
    assert summary.equity == summary.cash + summary.value == book.equity
