"""A process ends, in order or by force, and another takes over: nothing lost, nothing doubled."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest

from apps.bus.memory import BusTape, MemoryBus
from apps.domain.candles import CandleBuilder
from apps.domain.frames import TickArray
from apps.domain.risk import RiskLimits
from apps.domain.sessions import CRYPTO
from apps.domain.strategies import STRATEGIES
from apps.domain.venue import PaperVenue
from apps.execution import facts
from apps.execution.kill import kill_switch_left, kill_switch_pull, kill_switches_press
from apps.execution.standing import paper_resting, run_standing
from apps.instruments.models import Instrument
from apps.marketdata.quotes import board
from apps.orders.models import Fill, Order
from apps.orders.selectors import orders_drifted
from apps.pipeline.host import StageHost
from apps.pipeline.roster import Roster
from apps.pipeline.stages.aggregate import Aggregate
from apps.pipeline.stages.decide import Decide
from apps.pipeline.stages.guard import Guard
from apps.pipeline.stages.ingest import Ingest, seen_now
from apps.pipeline.stages.route import Route
from apps.pipeline.stages.settle import Settle
from apps.portfolio.models import Position
from apps.risk.models import Scope
from apps.strategies.models import RunState, StrategyRun
from tests import builders
from tests.unit.test_engine import Busy, walk
from velox.wiring import System

pytestmark = pytest.mark.django_db(transaction=True)
D = Decimal


class NoFeed:
    name, kind, speed = "test", "replay", 1.0

    def frames(self) -> Iterator[TickArray]:
        return iter(())

    def stop(self) -> None: ...


class Process:
    """The path in one process on the installation's database."""

    def __init__(self) -> None:
        self.system = System(MemoryBus())
        self.route = Route(self.system.bus, PaperVenue(self.system.instruments), BusTape(self.system.bus))
        self.route.restore(paper_resting())
        builder = CandleBuilder(dict.fromkeys(self.system.instruments, CRYPTO), [5, 15])
        self.decide = Decide(self.system.bus, BusTape(self.system.bus), Roster(self.system))
        stages = [
            Aggregate(self.system.bus, builder, board, lambda candles: None),
            self.decide,
            Guard(self.system.bus),
            self.route,
            Settle(self.system.bus),
        ]
        self.host = StageHost(self.system.bus, stages, strict=True)
        self.ingest = Ingest(self.system.bus, NoFeed())
        self.host.run_until_quiet()

    def play(self, ticks: TickArray, rows: int = 50) -> None:
        for at in range(0, len(ticks), rows):
            self.ingest.pour(seen_now(ticks[at : at + rows]))
            self.host.run_until_quiet()


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Iterator[StrategyRun]:
    monkeypatch.setitem(STRATEGIES, "busy", Busy)
    monkeypatch.setattr(facts, "limits_base", RiskLimits)
    instrument = builders.instrument(calendar="CRYPTO", lot_size=D("0.1"))
    facts.instruments.forget()
    board.clear()
    yield builders.run(instruments=[instrument], strategy="busy", params={}, timeframe=5, state=RunState.RUNNING)
    facts.instruments.forget()
    board.clear()


def tape(run: StrategyRun, seed: int, count: int = 900) -> TickArray:
    ticks = walk(seed, count)
    ticks["instrument"] = run.instruments.get().number
    return ticks


def books_are_right(run: StrategyRun, process: Process) -> None:
    """Rows equal their steps, the position is the sum of the fills, the strategy knows it, no id came twice."""
    instrument = run.instruments.get()
    assert not list(orders_drifted())
    held = sum((f.qty if f.order.side == "buy" else -f.qty for f in Fill.objects.select_related("order")), D(0))
    assert Position.objects.get(account=run.account, instrument=instrument).qty == held
    lane = process.decide.lanes[run.pk, instrument.number]
    assert lane.hands.qty == held
    at_venue = {working.order.client_order_id for working in process.route._venue.working()}
    in_books = set(Order.objects.filter(is_working=True).values_list("client_order_id", flat=True))
    assert at_venue == in_books == set(lane.hands.orders)


@pytest.mark.parametrize("seed", [3, 5, 8])
@pytest.mark.parametrize("in_order", [True, False], ids=["stopped", "killed"])
def test_a_run_goes_on_where_it_stood(run: StrategyRun, seed: int, in_order: bool) -> None:
    first = Process()
    first.play(tape(run, seed))
    books_are_right(run, first)
    if in_order:
        assert first.host.drain()
    before = Order.objects.count()
    assert before > 10
    second = Process()
    books_are_right(run, second)
    second.play(tape(run, seed + 1))
    books_are_right(run, second)
    assert Order.objects.count() > before


def test_orders_that_rest_at_the_paper_venue_survive(run: StrategyRun) -> None:
    first = Process()
    ticks = tape(run, 3)
    for at in range(0, len(ticks), 10):
        first.play(ticks[at : at + 10])
        if Order.objects.filter(is_working=True).exclude(order_type="market").exists():
            break
    resting = set(Order.objects.filter(is_working=True).values_list("client_order_id", flat=True))
    assert resting
    second = Process()
    assert {working.order.client_order_id for working in second.route._venue.working()} == resting
    books_are_right(run, second)


def test_a_cancel_that_was_on_its_way_out_arrives_after_all(run: StrategyRun) -> None:
    first = Process()
    ticks = tape(run, 3)
    for at in range(0, len(ticks), 10):
        first.play(ticks[at : at + 10])
        if Order.objects.filter(is_working=True).exclude(order_type="market").exists():
            break
    order = Order.objects.filter(is_working=True).first()
    assert order is not None
    Order.objects.filter(pk=order.pk).update(status="pending_cancel")  # asked for; the process died before it left
    second = Process()
    assert order.client_order_id not in {w.order.client_order_id for w in second.route._venue.working()}
    order.refresh_from_db()
    assert order.status == "cancelled"


def test_the_kill_switch_parks_runs_flattens_and_a_run_started_again_begins_flat(run: StrategyRun) -> None:
    process = Process()
    ticks, instrument = tape(run, 5), run.instruments.get()
    for at in range(0, len(ticks), 10):
        process.play(ticks[at : at + 10])
        if process.decide.lanes[run.pk, instrument.number].hands.qty:
            break
    pulled = kill_switch_pull(actor=run.account.owner, scope=Scope.USER, scope_id=run.account.owner_id, reason="test")
    assert pulled.flattens == 1
    rest = ticks[at + 10 :]
    for start in range(0, len(rest), 50):
        process.play(rest[start : start + 50])
        kill_switches_press()
        if not kill_switch_left(pulled.switch):
            break
    assert kill_switch_left(pulled.switch) == 0
    run.refresh_from_db()
    assert (run.state, "kill switch" in run.reason) == (RunState.PARKED, True)
    assert Position.objects.get(account=run.account).qty == 0
    assert run_standing(run_id=run.pk, instrument=instrument.number).qty == 0
    assert isinstance(instrument, Instrument)
