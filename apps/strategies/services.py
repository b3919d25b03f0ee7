"""Making, starting and stopping runs, and keeping what their lanes did."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.selectors import account_tradable
from apps.audit.services import audit_record
from apps.common.version import code_hash
from apps.domain.errors import BadInput, NotFound, RuleBroken
from apps.domain.messages import Signal, utc
from apps.domain.sizing import sizing_parse
from apps.domain.timeframes import timeframe_name
from apps.instruments.models import Instrument
from apps.instruments.selectors import instrument_list
from apps.strategies.checks import strategy_check
from apps.strategies.life import transition
from apps.strategies.models import LaneState, RunState, SignalRow, StrategyRun

StrategyCheck = Callable[[str, Mapping[str, Any], int], dict[str, Any]]
"""(strategy key, raw values, timeframe) -> every parameter in its type and range; raises BadInput."""


@transaction.atomic
def run_create(
    *,
    actor: User,
    account_id: int,
    name: str,
    strategy: str,
    instruments: Sequence[int],
    timeframe: int,
    params: Mapping[str, Any] | None = None,
    sizing: str = "units:1",
    check: StrategyCheck = strategy_check,
) -> StrategyRun:
    """A draft in dry run on one of the actor's accounts. Raises NotFound for the account, BadInput for the rest."""
    account = account_tradable(actor=actor, account_id=account_id)
    timeframe_name(timeframe)
    sizing_parse(sizing)
    chosen = _instruments(instruments)
    run = StrategyRun.objects.create(
        owner=account.owner,
        account=account,
        name=_name_free(account.owner, name),
        strategy=strategy,
        params=check(strategy, params or {}, timeframe),
        sizing=sizing,
        timeframe=timeframe,
    )
    run.instruments.set(chosen)
    audit_record(action="run.created", actor=actor, target=run, after=_told(run))
    return run


def _told(run: StrategyRun) -> dict[str, Any]:
    """What the audit trail keeps of a run."""
    names = ("strategy", "params", "sizing", "timeframe", "mode", "version")
    return {name: getattr(run, name) for name in names} | {"account": run.account.name}


def _instruments(numbers: Sequence[int]) -> list[Instrument]:
    found = list(instrument_list().filter(pk__in=numbers))
    missing = set(numbers) - {instrument.number for instrument in found}
    if missing:
        raise BadInput(f"not traded or not known: instrument {min(missing)}", field="instruments")
    if not found:
        raise BadInput("a run needs at least one instrument", field="instruments")
    return found


@transaction.atomic
def run_edit(
    *,
    actor: User,
    run_id: int,
    name: str | None = None,
    params: Mapping[str, Any] | None = None,
    sizing: str | None = None,
    check: StrategyCheck = strategy_check,
) -> StrategyRun:
    """Change a run that stands still; None leaves a thing as it is. Raises NotFound, RuleBroken, BadInput."""
    run = _owned(actor, run_id)
    if run.state in (RunState.RUNNING, RunState.STOPPING):
        raise RuleBroken("stop the run before changing it: its orders belong to what it is now", run_id=run_id)
    if name is not None:
        run.name = _name_free(run.owner, name, run.pk)
    if params is not None:
        run.params = check(run.strategy, params, run.timeframe)
    if sizing is not None:
        sizing_parse(sizing)
        run.sizing = sizing
    run.save()
    return run


def _name_free(owner: User, name: str, but: int | None = None) -> str:
    """The name as it is kept. Raises BadInput where it is empty or another run of the owner has it."""
    name = name.strip()
    if not name:
        raise BadInput("a run needs a name", field="name")
    if StrategyRun.objects.filter(owner=owner, name=name).exclude(pk=but).exists():
        raise BadInput(f"there is a run named {name} already", field="name")
    return name


@transaction.atomic
def run_start(*, actor: User, run_id: int, check: StrategyCheck = strategy_check) -> StrategyRun:
    """Want it running; the decide stage takes it up within a second. Starting a running one changes nothing."""
    run = _owned(actor, run_id)
    if run.state == RunState.RUNNING:
        return run
    if not run.account.is_active:
        raise RuleBroken(f"account {run.account.name} is closed; choose another one", account=run.account_id)
    run.state = transition(run.state, "start")
    run.params = check(run.strategy, run.params, run.timeframe)
    run.version = run_version(run)
    run.started_at, run.stopped_at, run.reason = timezone.now(), None, ""
    run.save()
    audit_record(action="run.started", actor=actor, target=run, after=_told(run))
    return run


@transaction.atomic
def run_stop(*, actor: User, run_id: int) -> StrategyRun:
    """Want it stopped: the decide stage cancels its orders, then reports the end. Asking twice is harmless."""
    run = _owned(actor, run_id)
    before = run.state
    _move(run, "stop")
    if run.state != before:
        audit_record(
            action="run.stop_asked", actor=actor, target=run, before={"state": before}, after={"state": run.state}
        )
    return run


def run_ended(*, run_id: int, reason: str = "") -> None:
    """Told by the decide stage: it wound down as asked."""
    _tell(run_id, "end", reason)


def run_park(*, run_id: int, reason: str) -> None:
    """Told by the machine: put aside, may be started again, e.g. after the kill switch."""
    _tell(run_id, "park", reason)


def run_fail(*, run_id: int, reason: str) -> None:
    """Told by the decide stage: its code raised."""
    _tell(run_id, "fail", reason)


def run_version(run: StrategyRun) -> str:
    """`<code hash>-<hash of all that shapes its decisions>`: the same version makes the same signals."""
    shape = [run.strategy, run.params, run.sizing, run.timeframe]
    text = json.dumps(shape, sort_keys=True, separators=(",", ":"))
    return f"{code_hash()}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def _owned(actor: User, run_id: int) -> StrategyRun:
    """The run, locked, for somebody who may trade its account. Raises NotFound."""
    run = StrategyRun.objects.select_for_update(of=("self",)).select_related("account").filter(pk=run_id).first()
    if run is None or not actor.may_trade or not (actor.is_admin or run.account.owner_id == actor.pk):
        raise NotFound("no such strategy run", run_id=run_id)
    return run


@transaction.atomic
def _tell(run_id: int, event: str, reason: str) -> None:
    run = StrategyRun.objects.select_for_update().filter(pk=run_id).first()
    if run is None:
        raise NotFound("no such strategy run", run_id=run_id)
    _move(run, event, reason)


def _move(run: StrategyRun, event: str, reason: str = "") -> None:
    run.state, run.reason = transition(run.state, event), reason[:300]
    if run.state not in (RunState.RUNNING, RunState.STOPPING):
        run.stopped_at = timezone.now()
    run.save(update_fields=["state", "reason", "stopped_at", "updated_at"])


@dataclass(frozen=True, slots=True)
class LanePlace:
    """One lane's state as of a place on its tape."""

    run_id: int
    instrument: int
    tape_at: int
    state: bytes


@transaction.atomic
def lanes_save(places: Sequence[LanePlace], signals: Sequence[Signal] = ()) -> None:
    """Keep where lanes stand together with the signals they gave up to there; both or neither.

    A replay gives the same signals again: those already there stay as they are.
    """
    now = timezone.now()
    LaneState.objects.bulk_create(
        [
            LaneState(run_id=p.run_id, instrument_id=p.instrument, tape_at=p.tape_at, state=p.state, saved_at=now)
            for p in places
        ],
        update_conflicts=True,
        unique_fields=["run", "instrument"],
        update_fields=["tape_at", "state", "saved_at"],
    )
    SignalRow.objects.bulk_create([_row(signal) for signal in signals], ignore_conflicts=True)


def _row(signal: Signal) -> SignalRow:
    return SignalRow(
        run_id=signal.run_id,
        instrument_id=signal.instrument,
        sequence=signal.sequence,
        at=utc(signal.at_ns),
        tape_at=signal.tape_at,
        side=signal.side.value,
        order_type=signal.order_type.value,
        price=signal.mark,
        qty=signal.qty,
        exit=signal.exit,
        tag=signal.tag[:64],
        provisional=signal.provisional,
    )
