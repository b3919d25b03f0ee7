"""The risk door: each rule at its edge, what no rule may stop, and how limits stack."""

from dataclasses import fields, replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.domain.messages import Instrument, Mode, OrderIntent, OrderType, Side
from apps.domain.risk import (
    ALLOWED,
    RULES,
    SAFE,
    SECOND,
    Decision,
    Recent,
    RecentOrders,
    RiskDoor,
    RiskLimits,
    RiskView,
    TradingState,
    limits_stack,
    strictest_state,
)

D = Decimal

NOW = 1_700_000_000 * SECOND
US30 = Instrument(1, "US30", "CFD_INDEX", "USD", D("0.1"), D("0.1"), D(2))
BUY = OrderIntent("o-1", 9, 1, Side.BUY, D(3), OrderType.MARKET, D(1000), NOW, Mode.DRY_RUN)
SELL = replace(BUY, side=Side.SELL)
VIEW = RiskView(US30, RiskLimits(), exchange="CFD", last_tick_ns=NOW, day_start_equity=D(10_000))
DOOR = RiskDoor()


def review(intent: OrderIntent = BUY, *, flatten: bool = False, limits: RiskLimits | None = None, **view) -> Decision:
    return DOOR.review(intent, replace(VIEW, limits=limits or VIEW.limits, **view), flatten)


def code(intent: OrderIntent = BUY, **facts) -> str:
    return review(intent, **facts).code


def recent(age_s: float = 0.5, exchange: str = "CFD", **other) -> Recent:
    facts = {"instrument": 1, "side": Side.BUY, "qty": D(3), "order_type": OrderType.MARKET, "price": None} | other
    return Recent(NOW - int(age_s * SECOND), exchange, **facts)


def test_an_order_that_breaks_nothing_goes_out_as_it_came():
    decision = review()
    assert (decision.code, decision.reason, decision.order.client_order_id) == (ALLOWED, "", "o-1")
    assert all(getattr(decision.order, f.name) == getattr(BUY, f.name) for f in fields(decision.order))


def test_every_rules_numbers_are_kept_also_when_nothing_is_wrong():
    assert [seen.rule for seen in review().numbers] == ["input", *(rule.name for rule in RULES)]
    assert {s.rule: (s.limit, s.seen) for s in review(limits=SAFE).numbers}["order_notional"] == (1_000_000, 6000)


@pytest.mark.parametrize(
    ("limits", "view", "refused"),
    [
        ({"max_order_qty": D("2.9")}, {}, "order_qty"),
        ({"max_order_qty": D(3)}, {}, ALLOWED),
        ({"max_order_notional": D("5999.99")}, {}, "order_notional"),
        ({"max_order_notional": D(6000)}, {}, ALLOWED),
        ({"max_order_notional": D(600)}, {"rate": D("0.1")}, ALLOWED),
        ({"max_position_qty": D(5)}, {"position_qty": D("2.1")}, "position_qty"),
        ({"max_position_qty": D(5)}, {"position_qty": D(1), "working_qty": D("1.1")}, "position_qty"),
        ({"max_position_qty": D(5)}, {"position_qty": D(2)}, ALLOWED),
        ({"max_position_qty": D(5)}, {"position_qty": D(-7)}, ALLOWED),
        ({"max_position_notional": D(9999)}, {"position_qty": D(2)}, "position_notional"),
        ({"max_daily_loss": D(500)}, {"day_pnl": D(-500)}, "daily_loss"),
        ({"max_daily_loss": D(500)}, {"day_pnl": D("-499.99")}, ALLOWED),
        ({"max_daily_loss_pct": D(5)}, {"day_pnl": D(-500)}, "daily_loss"),
        ({"max_daily_loss": D(900), "max_daily_loss_pct": D(5)}, {"day_pnl": D(-500)}, "daily_loss"),
        ({"max_daily_loss_pct": D(5)}, {"day_pnl": D(0), "day_start_equity": D(0)}, ALLOWED),
        ({"max_tick_age_s": D(5)}, {"last_tick_ns": NOW - 5 * SECOND - 1}, "tick_age_s"),
        ({"max_tick_age_s": D(5)}, {"last_tick_ns": NOW - 5 * SECOND}, ALLOWED),
        ({"max_tick_age_s": D(5)}, {"last_tick_ns": None}, "tick_age_s"),
        ({"max_open_orders": 3}, {"open_orders": 3}, "open_orders"),
        ({"max_open_orders": 3}, {"open_orders": 2}, ALLOWED),
        ({"max_orders_per_s": 2}, {"recent": [recent(), recent()]}, "orders_per_s"),
        ({"max_orders_per_s": 2}, {"recent": [recent(), recent(1.0)]}, ALLOWED),
        ({"max_orders_per_s": 2}, {"recent": [recent(), recent(exchange="NSE")]}, ALLOWED),
        ({"duplicate_window_s": D(2)}, {"recent": [recent(1.9)]}, "duplicate"),
        ({"duplicate_window_s": D(2)}, {"recent": [recent(2.0)]}, ALLOWED),
        ({"duplicate_window_s": D(2)}, {"recent": [recent(qty=D(2)), recent(side=Side.SELL)]}, ALLOWED),
        ({"trading_hours_only": True}, {"is_open": lambda at_ns: at_ns != NOW}, "trading_hours"),
        ({"trading_hours_only": True}, {"is_open": lambda at_ns: at_ns == NOW}, ALLOWED),
    ],
)
def test_a_rule_bites_exactly_at_its_limit(limits, view, refused):
    decision = review(limits=RiskLimits(**limits), **view)
    assert decision.code == refused and bool(decision.reason) == (refused != ALLOWED)


@pytest.mark.parametrize(
    "wrong",
    [
        {"qty": D(0)},
        {"qty": D("-1")},
        {"qty": D("NaN")},
        {"qty": D("0.15")},
        {"price": D(0)},
        {"order_type": OrderType.LIMIT},
        {"order_type": OrderType.SL, "limit_price": D(1)},
        {"limit_price": D(1)},
        {"order_type": OrderType.LIMIT, "limit_price": D(-1)},
        {"exit": True},
    ],
)
def test_what_no_venue_could_take_is_refused_even_from_the_kill_switch(wrong):
    assert code(replace(BUY, **wrong)) == code(replace(BUY, **wrong), flatten=True) == "input"


def test_reduce_only_lets_out_and_not_in_and_halted_lets_nothing_pass():
    long = {"position_qty": D(5)}
    assert code(SELL, state=TradingState.REDUCE_ONLY, **long) == ALLOWED
    assert code(BUY, state=TradingState.REDUCE_ONLY, **long) == "kill_switch"
    assert code(SELL, state=TradingState.HALTED, **long) == "kill_switch"
    assert code(replace(SELL, qty=D(6)), state=TradingState.REDUCE_ONLY, **long) == "kill_switch"


def test_two_orders_that_would_each_reduce_do_not_both_count_as_reducing():
    assert code(SELL, state=TradingState.REDUCE_ONLY, position_qty=D(5), working_qty=D("2.1")) == "kill_switch"
    leaving = replace(SELL, exit=True)  # stop and target of one position: the venue lets them only reduce
    assert code(leaving, state=TradingState.REDUCE_ONLY, position_qty=D(5), working_qty=D("2.1")) == ALLOWED


@pytest.mark.parametrize("off", ["live_installation", "live_account", "live_run"])
def test_a_live_order_needs_all_three_switches(off):
    switches = {"live_installation": True, "live_account": True, "live_run": True}
    live = replace(BUY, mode=Mode.LIVE)
    assert code(live) == "live_switch" and code(live, **switches) == ALLOWED
    assert off.removeprefix("live_") in review(live, **switches | {off: False}).reason


TIGHT = RiskLimits(
    max_order_qty=D("0.1"),
    max_order_notional=D(1),
    max_position_qty=D("0.1"),
    max_position_notional=D(1),
    max_daily_loss=D(1),
    max_daily_loss_pct=D("0.1"),
    max_orders_per_s=1,
    max_tick_age_s=D(1),
    max_open_orders=1,
    duplicate_window_s=D(60),
    trading_hours_only=True,
)
WORST = {
    "day_pnl": D(-9999),
    "open_orders": 50,
    "last_tick_ns": None,
    "recent": [recent()] * 20,
    "is_open": lambda at_ns: False,
    "state": TradingState.HALTED,
}


def test_nothing_but_nonsense_stops_the_kill_switch():
    live = replace(SELL, mode=Mode.LIVE)
    decision = review(live, flatten=True, limits=TIGHT, position_qty=D(3), **WORST)
    assert decision.order is not None
    assert {seen.rule: seen.seen for seen in decision.numbers}["kill_switch"] == TradingState.HALTED


amounts = st.decimals("0.1", "10000", places=1)
some_limits = st.builds(
    RiskLimits,
    max_order_qty=st.none() | amounts,
    max_order_notional=st.none() | amounts,
    max_position_qty=st.none() | amounts,
    max_daily_loss=st.none() | amounts,
    max_daily_loss_pct=st.none() | amounts,
    max_orders_per_s=st.none() | st.integers(1, 20),
    max_open_orders=st.none() | st.integers(1, 20),
    duplicate_window_s=st.none() | amounts,
    trading_hours_only=st.none() | st.booleans(),
)
views = st.fixed_dictionaries(
    {
        "position_qty": st.decimals("-500", "500", places=1),
        "working_qty": amounts,
        "day_pnl": st.decimals("-20000", "20000", places=2),
        "open_orders": st.integers(0, 30),
        "recent": st.lists(st.builds(recent, st.floats(0, 5)), max_size=5),
        "state": st.sampled_from(TradingState),
    }
)


@given(some_limits, views, amounts)
def test_an_exit_is_never_refused_for_loss_size_or_number(limits, view, qty):
    held = view["position_qty"]
    if not held:
        return
    leaving = replace(BUY if held < 0 else SELL, exit=True, qty=min(qty, abs(held)))
    assert code(leaving, limits=limits, **view) in {ALLOWED, "orders_per_s", "kill_switch", "trading_hours"}


@given(some_limits, some_limits, views, amounts, st.sampled_from(Side))
def test_a_stack_refuses_whatever_any_of_its_scopes_refuses_and_nothing_else(one, two, view, qty, side):
    intent = replace(BUY, qty=qty, side=side)
    apart = [code(intent, limits=limits, **view) == ALLOWED for limits in (one, two)]
    assert (code(intent, limits=limits_stack(one, two), **view) == ALLOWED) == all(apart)


@given(some_limits, some_limits, some_limits)
def test_stacking_is_the_same_in_any_order_and_a_silent_scope_changes_nothing(one, two, three):
    assert limits_stack(one, two, three) == limits_stack(limits_stack(three, one), two, RiskLimits())


@given(some_limits, views, amounts)
def test_the_same_question_gets_the_same_answer(limits, view, qty):
    intent = replace(BUY, qty=qty)
    assert review(intent, limits=limits, **view) == review(intent, limits=limits, **view)


def test_the_strictest_state_wins_and_no_scope_means_trading():
    assert strictest_state(TradingState.TRADING, TradingState.HALTED, TradingState.REDUCE_ONLY) == TradingState.HALTED
    assert strictest_state() == TradingState.TRADING


def test_the_window_of_recent_orders_forgets():
    window = RecentOrders(keep_s=2)
    for age in (5, 1.5, 0.5):
        window.add(recent(age))
    assert [r.at_ns for r in window.since(NOW - SECOND)] == [NOW - SECOND // 2]
    assert len(window.since(0)) == 2
