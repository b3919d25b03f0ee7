"""The life of an order: the table, its oddities, and the fold that the row must equal."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.domain.errors import BadData, IllegalTransition
from apps.domain.messages import Fill, OrderChanged, Side
from apps.domain.orders import ROUTES, TERMINAL, OrderEvent, OrderState, OrderStatus, OrderStep, order_fold, transition

E, S = OrderEvent, OrderStatus
QTY = Decimal(10)


def step(event: OrderEvent, qty: str = "0", price: str = "0", key: str = "") -> OrderStep:
    return OrderStep(event, 0, key or f"{event}:{qty}:{price}", Decimal(qty), Decimal(price))


def live(*events: OrderStep, qty: Decimal = QTY) -> OrderState:
    return order_fold(OrderState(qty), [step(E.ALLOW), step(E.SEND), step(E.ACCEPT), *events])


def fill(fill_id: str, qty: str, closes: bool) -> Fill:
    return Fill(fill_id, "o-1", 1, 7, Side.BUY, Decimal(qty), Decimal(100), Decimal(0), "USD", 5, closes_order=closes)


def test_the_table_names_only_known_states_and_events_and_every_state_has_a_row():
    assert set(ROUTES) == set(S)
    assert {event for row in ROUTES.values() for event in row} == set(E)
    assert {target for row in ROUTES.values() for target in row.values()} <= set(S)


@pytest.mark.parametrize("status", sorted(TERMINAL))
def test_an_ended_order_starts_to_work_again_only_when_it_was_given_up_as_rejected_too_early(status):
    working = {event for event, target in ROUTES[status].items() if OrderStatus(target).working}
    assert working == ({"part_fill"} if status == S.REJECTED else set())


@pytest.mark.parametrize(("status", "event"), [(S.DENIED, E.SEND), (S.FILLED, E.ASK_CANCEL), (S.CANCELLED, E.TRIGGER)])
def test_what_the_table_does_not_say_is_refused(status, event):
    with pytest.raises(IllegalTransition, match=f"a {status} order cannot {event}"):
        transition(status, event)


def test_two_part_fills_give_the_mean_price_and_leave_the_rest_working():
    state = live(step(E.PART_FILL, "4", "100", "a"), step(E.PART_FILL, "2", "106", "b"))
    assert (state.status, state.filled_qty, state.avg_price, state.remaining) == (S.PARTIAL, 6, 102, 4)


def test_a_fill_outruns_its_own_ack():
    state = order_fold(OrderState(QTY), [step(E.SEND), step(E.FULL_FILL, "10", "99"), step(E.ACCEPT)])
    assert (state.status, state.filled_qty) == (S.FILLED, QTY)


def test_a_fill_that_was_matched_while_our_cancel_flew_counts():
    asked = live(step(E.ASK_CANCEL), step(E.CANCEL))
    assert asked.after(step(E.FULL_FILL, "10", "99")).status is S.FILLED
    part = asked.after(step(E.PART_FILL, "3", "99"))
    assert (part.status, part.filled_qty, part.remaining) == (S.CANCELLED, 3, 0)


def test_a_refused_cancel_leaves_the_order_as_far_as_it_had_come():
    assert live(step(E.ASK_CANCEL), step(E.REFUSE_CANCEL)).status is S.LIVE
    assert live(step(E.TRIGGER), step(E.ASK_CANCEL), step(E.REFUSE_CANCEL)).status is S.TRIGGERED
    assert live(step(E.PART_FILL, "1", "9"), step(E.ASK_CANCEL), step(E.REFUSE_CANCEL)).status is S.PARTIAL


def test_a_lost_order_that_the_venue_knows_goes_on():
    lost = order_fold(OrderState(QTY), [step(E.SEND), step(E.LOSE)])
    assert lost.status is S.UNKNOWN and lost.after(step(E.ACCEPT)).status is S.LIVE


def test_a_confirmed_change_of_quantity_is_what_remains_is_counted_from():
    state = live(step(E.PART_FILL, "4", "9"), step(E.ASK_MODIFY, "6"), step(E.MODIFY, "6"))
    assert (state.status, state.qty, state.remaining) == (S.PARTIAL, 6, 2)


def test_more_than_was_ordered_is_booked_and_shows_as_excess():
    state = live(step(E.FULL_FILL, "10", "9", "a"), step(E.FULL_FILL, "3", "9", "b"))
    assert (state.status, state.filled_qty, state.excess) == (S.FILLED, 13, 3)


def test_an_order_sized_at_its_fill_takes_its_quantity_from_there():
    state = order_fold(OrderState(QTY, sized_at_fill=True), [step(E.PART_FILL, "11", "9"), step(E.FULL_FILL, "2", "9")])
    assert (state.status, state.qty, state.excess) == (S.FILLED, 13, 0)


def test_a_step_told_twice_is_one_step():
    told = [OrderStep.of_fill(fill("f1", "4", closes=False))] * 2
    assert live(*told).filled_qty == 4


def test_a_change_that_is_no_step_or_hides_a_fill_is_bad_data():
    for event in ("explode", "full_fill"):
        with pytest.raises(BadData, match=event):
            OrderStep.of_change(OrderChanged("o-1", 1, 7, event, 5))


def histories() -> st.SearchStrategy[list[OrderStep]]:
    """Any events in any order; fills of whole units, each with a key of its own now and then repeated."""
    one = st.builds(
        lambda event, qty, key: step(event, str(qty) if "fill" in event else "0", "7", f"{event}:{key}"),
        st.sampled_from(E),
        st.integers(1, 4),
        st.integers(0, 12),
    )
    return st.lists(one, max_size=25)


@given(histories(), st.booleans())
def test_any_history_folds_to_what_its_steps_give_one_by_one(history, sized):
    state, seen, kept = OrderState(QTY, sized_at_fill=sized), set(), []
    for each in history:
        if each.key in seen:
            continue
        try:
            after = state.after(each)
        except IllegalTransition:
            continue
        seen.add(each.key)
        kept.append(each)
        if state.status.terminal and after.status is not state.status:
            assert "fill" in each.event and state.status in (S.CANCELLED, S.EXPIRED, S.REJECTED)
        state = after
    filled = sum((each.qty for each in kept if "fill" in each.event), Decimal(0))
    assert order_fold(OrderState(QTY, sized_at_fill=sized), kept + kept) == state
    assert state.filled_qty == filled and state.filled_qty <= state.qty + state.excess
    assert state.avg_price == (7 if filled else None)
    if state.status is S.PARTIAL:
        assert state.filled_qty > 0
    if not sized and state.status.working:
        assert state.filled_qty < state.qty
