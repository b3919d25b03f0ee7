"""Runs are seen by whoever may see their account; signals with their run."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import QuerySet

from apps.accounts.models import User
from apps.accounts.selectors import account_list
from apps.domain.errors import NotFound
from apps.strategies.models import LaneState, RunState, SignalRow, StrategyRun


def run_list(*, actor: User) -> QuerySet[StrategyRun]:
    """Own runs, an investor's those on granted accounts, an admin's all; newest first."""
    runs = StrategyRun.objects.select_related("owner", "account").prefetch_related("instruments")
    return runs if actor.is_admin else runs.filter(account__in=account_list(actor=actor))


def run_get(*, actor: User, run_id: int, lock: bool = False) -> StrategyRun:
    """One run to read. Raises NotFound; somebody else's run looks exactly like a missing one."""
    runs = run_list(actor=actor)
    found = (runs.select_for_update(of=("self",)) if lock else runs).filter(pk=run_id).first()
    if found is None:
        raise NotFound("no such strategy run", run_id=run_id)
    return found


def runs_wanted() -> list[StrategyRun]:
    """What the decide stage should be running (`running`) or winding down (`stopping`), oldest first."""
    wanted = StrategyRun.objects.filter(state__in=[RunState.RUNNING, RunState.STOPPING])
    return list(wanted.select_related("account", "owner").prefetch_related("instruments").order_by("pk"))


def runs_running(account_ids: Sequence[int]) -> list[int]:
    """Runs on these accounts that are running or winding down, for the path, which has no actor."""
    running = StrategyRun.objects.filter(account__in=account_ids, state__in=[RunState.RUNNING, RunState.STOPPING])
    return list(running.order_by("pk").values_list("pk", flat=True))


def signal_list(*, actor: User, run_id: int | None = None) -> QuerySet[SignalRow]:
    """Signals of the runs the actor may see, or of one of them; newest first."""
    signals = SignalRow.objects.filter(run__in=run_list(actor=actor)).select_related("instrument", "run")
    return signals if run_id is None else signals.filter(run_id=run_id)


def lane_load(*, run_id: int, instrument: int) -> LaneState | None:
    """Where the lane stood when it was last saved; None for one that never was."""
    return LaneState.objects.filter(run_id=run_id, instrument_id=instrument).first()
