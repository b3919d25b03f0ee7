"""Positions, worth, equity over time and the ledger."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.request import Request

from apps.api.access import Scope
from apps.api.door import Door, operation
from apps.api.fields import Said
from apps.api.pages import Paging
from apps.portfolio import selectors
from apps.portfolio.api.serializers import (
    LedgerOut,
    LedgerQuery,
    PointOut,
    PositionOut,
    PositionQuery,
    SummaryOut,
)
from apps.portfolio.models import EquitySnapshot, LedgerEntry, Position

PORTFOLIO = "Portfolio"
NEWEST = Paging({"id": ("pk",)}, "-id")


class Positions(Door):
    @operation("positions_list", PORTFOLIO, Scope.PORTFOLIO, query=PositionQuery, answer=PositionOut, many=True)
    def get(self, request: Request, said: dict[str, Any]) -> list[Position]:
        """What is held on the accounts I may see."""
        return selectors.position_list(actor=request.user, account_id=said.get("account"), open_only=said["open"])


class Summary(Door):
    @operation("accounts_summary", PORTFOLIO, Scope.PORTFOLIO, answer=SummaryOut, refusals=("misconfigured",))
    def get(self, request: Request, said: dict[str, Any], account_id: int) -> selectors.Summary:
        """What an account is worth now, with its open positions at the last prices."""
        return selectors.account_summary(actor=request.user, account_id=account_id)


class EquityQuery(Said):
    limit = serializers.IntegerField(default=1000, min_value=1, max_value=5000)


class Equity(Door):
    @operation("accounts_equity", PORTFOLIO, Scope.PORTFOLIO, query=EquityQuery, answer=PointOut, many=True)
    def get(self, request: Request, said: dict[str, Any], account_id: int) -> list[EquitySnapshot]:
        """The newest points of the equity curve, oldest first."""
        return selectors.equity_curve(actor=request.user, account_id=account_id, limit=said["limit"])


class Ledger(Door):
    @operation(
        "accounts_ledger", PORTFOLIO, Scope.PORTFOLIO, query=LedgerQuery, answer=LedgerOut, many=True, paging=NEWEST
    )
    def get(self, request: Request, said: dict[str, Any], account_id: int) -> QuerySet[LedgerEntry]:
        """Every line of the double-entry ledger."""
        found = selectors.ledger_list(actor=request.user, account_id=account_id)
        return found.filter(**{name: said[name] for name in ("currency", "ledger_account") if name in said})
