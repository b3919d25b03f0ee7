"""A run lives by its table; its lane's place and its signals are kept together."""

from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from apps.accounts.services import account_grant
from apps.domain.errors import BadInput, IllegalTransition, NotFound, RuleBroken
from apps.domain.messages import OrderType, Side, Signal
from apps.strategies.life import ROUTES, transition
from apps.strategies.models import LaneState, RunState, SignalRow, StrategyRun
from apps.strategies.selectors import lane_load, run_get, run_list, runs_wanted, signal_list
from apps.strategies.services import (
    LanePlace,
    lanes_save,
    run_create,
    run_ended,
    run_fail,
    run_park,
    run_start,
    run_stop,
)
from tests import builders

pytestmark = pytest.mark.django_db


@pytest.fixture
def account():
    return builders.account()


def create(account, **fields):
    given = {"name": "A", "strategy": "ema_cross", "timeframe": 300, "actor": account.owner} | fields
    given.setdefault("instruments", [builders.instrument().number])
    return run_create(account_id=account.pk, **given)


def signal(run, instrument: int, sequence: int = 1) -> Signal:
    return Signal(
        run_id=run.pk,
        account_id=run.account_id,
        instrument=instrument,
        sequence=sequence,
        at_ns=1_704_080_700_123_456_000,
        tape_at=99,
        side=Side.BUY,
        order_type=OrderType.MARKET,
        mark=Decimal("1284.06512345678901"),
        tag="cross up",
        provisional=True,
    )


def test_a_new_run_is_a_dry_draft_with_every_parameter_filled_in(account):
    run = create(account, params={"fast": "10"})
    assert (run.state, run.mode, run.owner) == (RunState.DRAFT, "dry_run", account.owner)
    assert run.params == {"fast": 10, "slow": 50, "short": True}


@pytest.mark.parametrize(
    "change, field",
    [
        ({"strategy": "no_such"}, "strategy"),
        ({"params": {"fast": 1}}, "fast"),
        ({"params": {"fast": 60}}, "fast"),  # in its range, but not below `slow`
        ({"strategy": "session_trend", "timeframe": 3600}, "trend_timeframe"),
        ({"params": {"speed": 3}}, "speed"),
        ({"timeframe": 77}, "timeframe"),
        ({"instruments": []}, "instruments"),
        ({"instruments": [4_000_000]}, "instruments"),
        ({"name": "  "}, "name"),
    ],
)
def test_what_cannot_run_is_refused_by_the_field_that_is_wrong(account, change, field):
    with pytest.raises(BadInput) as refused:
        create(account, **change)
    assert refused.value.facts["field"] == field
    assert not StrategyRun.objects.exists()


def test_a_sizing_nobody_can_read_is_refused(account):
    with pytest.raises(BadInput, match="sizing"):
        create(account, sizing="all in")


def test_a_name_is_used_once_by_its_owner(account):
    create(account)
    with pytest.raises(BadInput, match="already"):
        create(account)


def test_only_the_owner_and_an_admin_start_and_stop(account):
    run = create(account)
    investor = builders.investor()
    account_grant(account=account, investor=investor)
    for actor in (builders.trader(), investor):
        for act in (run_start, run_stop):
            with pytest.raises(NotFound):
                act(actor=actor, run_id=run.pk)
    assert run_start(actor=builders.admin(), run_id=run.pk).state == RunState.RUNNING


def test_start_stamps_the_version_and_only_what_decides_changes_it(account):
    one, same, other = create(account), create(account, name="B"), create(account, name="C", params={"fast": 5})
    versions = [run_start(actor=account.owner, run_id=run.pk).version for run in (one, same, other)]
    assert versions[0] == versions[1] != versions[2]
    assert versions[0].split("-")[0] == versions[2].split("-")[0]  # the same code


def test_the_whole_life(account):
    run = create(account)
    start = run_start(actor=account.owner, run_id=run.pk).started_at
    assert run_start(actor=account.owner, run_id=run.pk).started_at == start  # asking twice changes nothing
    assert runs_wanted() == [run]
    assert run_stop(actor=account.owner, run_id=run.pk).state == RunState.STOPPING
    assert runs_wanted() == [run]  # still has orders to cancel
    run_ended(run_id=run.pk)
    run.refresh_from_db()
    assert run.state == RunState.STOPPED and run.stopped_at is not None and runs_wanted() == []


def test_a_run_that_failed_says_why_until_it_is_started_again(account):
    run = create(account)
    run_start(actor=account.owner, run_id=run.pk)
    run_fail(run_id=run.pk, reason="ZeroDivisionError in on_candle")
    run.refresh_from_db()
    assert (run.state, run.reason) == (RunState.FAILED, "ZeroDivisionError in on_candle")
    again = run_start(actor=account.owner, run_id=run.pk)
    assert (again.state, again.reason, again.stopped_at) == (RunState.RUNNING, "", None)


def test_a_parked_run_is_not_wanted(account):
    run = create(account)
    run_start(actor=account.owner, run_id=run.pk)
    run_park(run_id=run.pk, reason="kill switch")
    assert runs_wanted() == []


def test_a_run_on_a_closed_account_does_not_start(account):
    run = create(account)
    account.is_active = False
    account.save()
    with pytest.raises(RuleBroken, match="closed"):
        run_start(actor=account.owner, run_id=run.pk)


def test_the_table_refuses_what_it_does_not_list():
    with pytest.raises(IllegalTransition):
        transition("draft", "end")
    assert set(ROUTES) == set(RunState), "every state has a row"
    reached = {after for row in ROUTES.values() for after in row.values()}
    assert reached == set(RunState) - {RunState.DRAFT}, "every state but the first can be reached"


def test_runs_and_signals_are_seen_by_whoever_sees_the_account(account):
    run = create(account)
    lanes_save([], [signal(run, run.instruments.get().number)])
    investor, stranger = builders.investor(), builders.trader()
    account_grant(account=account, investor=investor)
    for actor in (account.owner, investor, builders.admin()):
        assert run_get(actor=actor, run_id=run.pk) == run
        assert signal_list(actor=actor, run_id=run.pk).count() == 1
    assert not run_list(actor=stranger).exists() and not signal_list(actor=stranger).exists()
    with pytest.raises(NotFound):
        run_get(actor=stranger, run_id=run.pk)


def test_a_lanes_place_moves_on_and_its_signals_are_kept_once(account):
    run = create(account)
    number = run.instruments.get().number
    lanes_save([LanePlace(run.pk, number, 10, b"one")], [signal(run, number, 1)])
    lanes_save([LanePlace(run.pk, number, 20, b"two")], [signal(run, number, 1), signal(run, number, 2)])
    lane = lane_load(run_id=run.pk, instrument=number)
    assert (lane.tape_at, bytes(lane.state)) == (20, b"two")
    assert LaneState.objects.count() == 1
    rows = SignalRow.objects.order_by("sequence")
    assert [row.sequence for row in rows] == [1, 2]
    assert rows[0].price == Decimal("1284.06512345678901")
    assert (rows[0].provisional, rows[0].at.microsecond) == (True, 123456)


@pytest.mark.django_db(transaction=True)
def test_place_and_signals_are_saved_both_or_neither(account):
    run = create(account)
    number = run.instruments.get().number
    with pytest.raises(IntegrityError), transaction.atomic():
        lanes_save([LanePlace(run.pk, number, 10, b"x")], [signal(run, 4_000_000)])
    assert lane_load(run_id=run.pk, instrument=number) is None
