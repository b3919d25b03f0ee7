"""Which lanes run, built from the saved runs; and where what they stand at is kept."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Protocol

from apps.domain.hands import LaneSpec
from apps.domain.lane import Lane
from apps.domain.messages import CancelWanted, Instrument, Mode, Signal
from apps.domain.ports import Clock
from apps.domain.sessions import Calendar
from apps.domain.strategies import STRATEGIES
from apps.execution import services as execution
from apps.execution.standing import run_standing
from apps.marketdata.selectors import candles_load
from apps.strategies import services as strategies
from apps.strategies.models import RunState, StrategyRun
from apps.strategies.selectors import lane_load, runs_wanted

HISTORY = 500
"""Stored candles of each timeframe a fresh lane is warmed up with, beyond what its indicators need."""

LaneKey = tuple[int, int]


def _bytes(lane: Lane) -> bytes:
    return json.dumps(lane.remember()).encode()


class World(Protocol):
    """What lanes are built from; the composition root has it."""

    clock: Clock

    @property
    def instruments(self) -> dict[int, Instrument]: ...

    @property
    def calendars(self) -> dict[int, Calendar]: ...


class Roster:
    """RosterPort over the database. A run that is to stop ends once its last lane has wound down."""

    def __init__(self, system: World) -> None:
        self._system = system
        self._runs: dict[int, StrategyRun] = {}
        self._open: set[LaneKey] = set()

    def wanted(self) -> set[LaneKey]:
        runs = runs_wanted()
        self._runs = {run.pk: run for run in runs}
        for run in runs:
            if run.state == RunState.STOPPING and not any(key[0] == run.pk for key in self._open):
                strategies.run_ended(run_id=run.pk)
        return {
            (run.pk, instrument.number)
            for run in runs
            if run.state == RunState.RUNNING
            for instrument in run.instruments.all()
        }

    def open(self, key: LaneKey) -> Lane:
        """Strategy and parameters from the run; position and working orders from what was booked; the strategy's
        own state from where it was last saved; indicators from stored candles."""
        run_id, number = key
        run = self._runs[run_id]
        calendar = self._system.calendars[number]
        spec = LaneSpec(
            run_id=run_id,
            account_id=run.account_id,
            instrument=self._system.instruments[number],
            timeframe=run.timeframe,
            gated=run.mode != Mode.LIVE.value,
            session_at=calendar.opening,
            window=calendar.window_at,
        )
        lane = Lane(spec, STRATEGIES[run.strategy](**run.params))
        for timeframe in lane.timeframes:
            limit = lane.warm_up(timeframe) + HISTORY
            lane.warm(candles_load(instrument=number, timeframe=timeframe, limit=limit))
        self._resume(lane, run_id, number)
        self._open.add(key)
        return lane

    def _resume(self, lane: Lane, run_id: int, number: int) -> None:
        saved = lane_load(run_id=run_id, instrument=number)
        if saved is not None:
            lane.resume(json.loads(bytes(saved.state)))
        standing = run_standing(run_id=run_id, instrument=number)
        hands = lane.hands
        hands.qty, hands.avg_price, hands.orders = standing.qty, standing.avg_price, standing.working
        hands.sequence = max(hands.sequence, standing.sequence)

    def save(self, lanes: Sequence[Lane], signals: Sequence[Signal]) -> None:
        strategies.lanes_save(
            [
                strategies.LanePlace(lane.spec.run_id, lane.spec.instrument.number, lane.done, _bytes(lane))
                for lane in lanes
            ],
            signals,
        )

    def closed(self, lane: Lane) -> None:
        """What it has working is taken off the venue; its position stays, for its owner to decide on."""
        spec = lane.spec
        self._open.discard((spec.run_id, spec.instrument.number))
        for client_order_id in lane.hands.orders:
            execution.cancel_wanted(
                CancelWanted(
                    spec.account_id,
                    client_order_id,
                    self._system.clock.now_ns(),
                    lane.done,
                    spec.instrument.number,
                    spec.run_id,
                )
            )

    def failed(self, key: LaneKey, reason: str) -> None:
        self._open.discard(key)
        strategies.run_fail(run_id=key[0], reason=reason)
