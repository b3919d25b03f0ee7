"""The kill switch: never throttled, and needs no key to be sent twice without harm."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework.request import Request

from apps.api.access import People, Scope
from apps.api.door import Door, operation
from apps.api.pages import Paging
from apps.execution.api.serializers import LeftOut, PulledOut, RearmIn, SwitchIn
from apps.execution.kill import Pulled, kill_switch_left, kill_switch_pull, kill_switch_rearm
from apps.risk import models, selectors
from apps.risk.api.serializers import SwitchOut

RISK = "Risk"
PAGING = Paging({"id": ("pk",)}, "id")


class Switches(Door):
    @operation("kill_switches_list", RISK, Scope.RISK, answer=SwitchOut, many=True, paging=PAGING, rate=None)
    def get(self, request: Request, said: dict[str, Any]) -> QuerySet[models.KillSwitch]:
        """Switches that concern me. A scope that is not listed was never pulled: it is trading."""
        return selectors.switch_list(actor=request.user)


class Left(Door):
    @operation("kill_switches_left", RISK, Scope.RISK, answer=LeftOut, rate=None)
    def get(self, request: Request, said: dict[str, Any], switch_id: int) -> dict[str, Any]:
        """How far a pulled switch is from flat."""
        switch = selectors.switch_get(actor=request.user, switch_id=switch_id)
        return {"state": switch.state, "left": kill_switch_left(switch)}


class Pull(Door):
    @operation(
        "kill_switch_pull", RISK, Scope.RISK_WRITE, people=People.TRADERS, body=SwitchIn, answer=PulledOut, rate=None,
        once="accepted", steps=True, refusals=("not_found",),
        examples=(("One account", {"scope": "account", "scope_id": 1, "reason": "runaway strategy"}),),
    )  # fmt: skip
    def post(self, request: Request, said: dict[str, Any]) -> Pulled:
        """Halt the scope, cancel every working order, send an order out of every open position."""
        scope = models.Scope(said.pop("scope"))
        return kill_switch_pull(actor=request.user, scope=scope, **said)


class Rearm(Door):
    @operation(
        "kill_switch_rearm", RISK, Scope.PERSON, people=People.TRADERS, body=RearmIn, answer=SwitchOut,
        rate="write", once="accepted", refusals=("not_found", "rule_broken"),
    )  # fmt: skip
    def post(self, request: Request, said: dict[str, Any]) -> models.KillSwitch:
        """Let the scope trade again. Needs a person; other scopes' switches still hold."""
        scope = models.Scope(said.pop("scope"))
        return kill_switch_rearm(actor=request.user, scope=scope, **said)
