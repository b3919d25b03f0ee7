"""The life of a run as a table: what may happen to it in each state, and where that leads."""

from __future__ import annotations

from apps.domain.errors import IllegalTransition
from apps.strategies.models import RunState

_S = RunState

ROUTES: dict[RunState, dict[str, RunState]] = {
    _S.DRAFT: {"start": _S.RUNNING},
    _S.RUNNING: {"start": _S.RUNNING, "stop": _S.STOPPING, "park": _S.PARKED, "fail": _S.FAILED},
    _S.STOPPING: {"stop": _S.STOPPING, "end": _S.STOPPED, "park": _S.PARKED, "fail": _S.FAILED},
    _S.STOPPED: {"start": _S.RUNNING, "stop": _S.STOPPED, "end": _S.STOPPED},
    _S.PARKED: {"start": _S.RUNNING, "stop": _S.STOPPED, "park": _S.PARKED},  # parked: put aside by the machine
    _S.FAILED: {"start": _S.RUNNING, "stop": _S.STOPPED, "fail": _S.FAILED},
}


def transition(state: str, event: str) -> RunState:
    """Where a run goes next; raises IllegalTransition rather than guess."""
    try:
        return ROUTES[RunState(state)][event]
    except KeyError:
        raise IllegalTransition(f"a {state} run cannot {event}", state=state, event=event) from None
