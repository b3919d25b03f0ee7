"""Strategies there are, runs of them, and the signals they gave."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.access import People, Scope
from apps.api.door import Door, operation
from apps.api.editing import etag, unchanged
from apps.api.pages import Paging
from apps.domain.strategies import STRATEGIES, Strategy
from apps.strategies import selectors, services
from apps.strategies.api.serializers import (
    RunEdit,
    RunIn,
    RunOut,
    RunQuery,
    SignalOut,
    SignalQuery,
    StrategyOut,
)
from apps.strategies.models import SignalRow, StrategyRun

STRATEGY = "Strategies"
NEWEST = Paging({"id": ("pk",)}, "-id")
BY_TIME = Paging({"at": ("at", "pk"), "id": ("pk",)}, "-at")
_RUN = {
    "account": 1,
    "name": "Euro crosses",
    "strategy": "ema_cross",
    "instruments": [1],
    "timeframe": "1m",
    "params": {"fast": 9, "slow": 21},
    "sizing": "units:1000",
}


class Strategies(Door):
    @operation("strategies_list", STRATEGY, Scope.STRATEGIES, answer=StrategyOut, many=True)
    def get(self, request: Request, said: dict[str, Any]) -> list[type[Strategy]]:
        """Every installed strategy with its parameters and their ranges."""
        return list(STRATEGIES.values())


class Runs(Door):
    @operation("runs_list", STRATEGY, Scope.STRATEGIES, query=RunQuery, answer=RunOut, many=True, paging=NEWEST)
    def get(self, request: Request, said: dict[str, Any]) -> QuerySet[StrategyRun]:
        """Strategy runs on the accounts I may see."""
        found = selectors.run_list(actor=request.user)
        columns = {"account": "account_id"}
        return found.filter(**{columns.get(n, n): said[n] for n in ("account", "strategy", "state") if n in said})

    @operation(
        "runs_create", STRATEGY, Scope.STRATEGIES_WRITE, people=People.TRADERS, body=RunIn, answer=RunOut, status=201,
        rate="write", once="required", refusals=("not_found",), examples=(("Two averages", _RUN),),
    )  # fmt: skip
    def post(self, request: Request, said: dict[str, Any]) -> Response:
        """Set a strategy up on one of my accounts, as a draft in dry run."""
        run = services.run_create(actor=request.user, account_id=said.pop("account"), **said)
        return _told(run, status=201, headers={"Location": f"{request.path}/{run.pk}"})


class OneRun(Door):
    @operation("runs_get", STRATEGY, Scope.STRATEGIES, answer=RunOut, tagged=True)
    def get(self, request: Request, said: dict[str, Any], run_id: int) -> Response:
        """One run as it stands."""
        return _told(selectors.run_get(actor=request.user, run_id=run_id))

    @operation(
        "runs_edit", STRATEGY, Scope.STRATEGIES_WRITE, people=People.TRADERS, body=RunEdit, answer=RunOut, rate="write",
        edits=True, tagged=True, refusals=("rule_broken",),
    )  # fmt: skip
    def patch(self, request: Request, said: dict[str, Any], run_id: int) -> Response:
        """Rename a run that stands still, or give it other parameters or another size."""
        with transaction.atomic():
            unchanged(request, _tag(selectors.run_get(actor=request.user, run_id=run_id, lock=True)))
            return _told(services.run_edit(actor=request.user, run_id=run_id, **said))


class Start(Door):
    @operation(
        "runs_start", STRATEGY, Scope.STRATEGIES_WRITE, people=People.TRADERS, answer=RunOut, status=202, rate="write",
        once="accepted", tagged=True, refusals=("illegal_transition", "rule_broken"),
    )  # fmt: skip
    def post(self, request: Request, said: dict[str, Any], run_id: int) -> Response:
        """Want it running; it is taken up within a second. Starting a running one changes nothing."""
        return _told(services.run_start(actor=request.user, run_id=run_id), status=202)


class Stop(Door):
    @operation(
        "runs_stop", STRATEGY, Scope.STRATEGIES_WRITE, people=People.TRADERS, answer=RunOut, status=202, rate="write",
        once="accepted", tagged=True, refusals=("illegal_transition",),
    )  # fmt: skip
    def post(self, request: Request, said: dict[str, Any], run_id: int) -> Response:
        """Want it stopped: its orders are cancelled, then it ends. Asking twice is harmless."""
        return _told(services.run_stop(actor=request.user, run_id=run_id), status=202)


def _tag(run: StrategyRun) -> str:
    return etag("run", run.pk, run.updated_at.isoformat())


def _told(run: StrategyRun, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(RunOut(run).data, status=status, headers={"ETag": _tag(run)} | (headers or {}))


class Signals(Door):
    @operation(
        "signals_list", STRATEGY, Scope.STRATEGIES, query=SignalQuery, answer=SignalOut, many=True, paging=BY_TIME
    )
    def get(self, request: Request, said: dict[str, Any]) -> QuerySet[SignalRow]:
        """What strategies wanted, whatever became of it."""
        found = selectors.signal_list(actor=request.user, run_id=said.get("run"))
        columns = {"instrument": "instrument_id"}
        return found.filter(**{columns.get(n, n): said[n] for n in ("instrument", "side") if n in said})
