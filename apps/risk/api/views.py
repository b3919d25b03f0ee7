"""Limits, read by whom they bind and set by admins; decisions of the door."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.selectors import account_ids
from apps.api.access import People, Scope
from apps.api.door import Door, operation
from apps.api.editing import etag, unchanged
from apps.api.pages import Paging, PerAccount
from apps.risk import models, selectors, services
from apps.risk.api.serializers import DecisionOut, DecisionQuery, LimitsIn, LimitsOut

RISK = "Risk"
BY_ID = Paging({"id": ("pk",)}, "id")
BY_TIME = Paging({"at": ("at_ns", "pk"), "id": ("pk",)}, "-at")


class Limits(Door):
    @operation("limits_list", RISK, Scope.RISK, answer=LimitsOut, many=True, paging=BY_ID)
    def get(self, request: Request, said: dict[str, Any]) -> QuerySet[models.RiskLimit]:
        """Every scope that has limits and binds me; an admin's are all."""
        return selectors.limit_list(actor=request.user)


class OneLimits(Door):
    @operation("limits_get", RISK, Scope.RISK, answer=LimitsOut, tagged=True)
    def get(self, request: Request, said: dict[str, Any], scope: str, scope_id: int) -> Response:
        """Limits of one scope. A scope without any says null everywhere."""
        return _told(selectors.limit_get(actor=request.user, scope=models.Scope(scope), scope_id=scope_id))

    @operation(
        "limits_edit", RISK, Scope.RISK_WRITE, people=People.ADMINS, body=LimitsIn, answer=LimitsOut, rate="write",
        edits=True, tagged=True,
        examples=(("A loss limit", {"max_daily_loss": "2500", "max_open_orders": 20}),),
    )  # fmt: skip
    def patch(self, request: Request, said: dict[str, Any], scope: str, scope_id: int) -> Response:
        """Set or take away limits of one scope."""
        with transaction.atomic():
            where = {"actor": request.user, "scope": models.Scope(scope), "scope_id": scope_id}
            unchanged(request, _tag(selectors.limit_get(lock=True, **where)))
            return _told(services.limits_set(**where, **said))


def _told(limits: models.RiskLimit) -> Response:
    return Response(LimitsOut(limits).data, headers={"ETag": _tag(limits)})


def _tag(limits: models.RiskLimit) -> str:
    return etag("limits", limits.scope, limits.scope_id, limits.updated_at and limits.updated_at.isoformat())


class Decisions(Door):
    @operation("decisions_list", RISK, Scope.RISK, query=DecisionQuery, answer=DecisionOut, many=True, paging=BY_TIME)
    def get(self, request: Request, said: dict[str, Any]) -> PerAccount:
        """What the risk door answered on accounts I may see, with the numbers it saw."""
        found = selectors.decision_list(actor=request.user, account_id=said.get("account"))
        found = found.filter(**{name: said[name] for name in ("allowed", "code") if name in said})
        return PerAccount(found, account_ids(actor=request.user, account_id=said.get("account")))
