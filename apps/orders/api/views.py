"""Fills. Orders are placed and cancelled at the one door: see apps/execution/api."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework.request import Request

from apps.accounts.selectors import account_ids
from apps.api.access import Scope
from apps.api.door import Door, operation
from apps.api.pages import Paging, PerAccount
from apps.orders import selectors
from apps.orders.api.serializers import FillOut, FillQuery
from apps.orders.models import Fill

PAGING = Paging({"at": ("at_ns", "pk"), "id": ("pk",)}, "-at")


class Fills(Door):
    @operation("fills_list", "Orders", Scope.ORDERS, query=FillQuery, answer=FillOut, many=True, paging=PAGING)
    def get(self, request: Request, said: dict[str, Any]) -> QuerySet[Fill] | PerAccount:
        """Trades that happened."""
        found = selectors.fill_list(actor=request.user, account_id=said.get("account"))
        for name in ("instrument", "run", "order"):
            if name in said:
                found = found.filter(**{f"{name}_id": said[name]})
        found = found.filter(side=said["side"]) if "side" in said else found
        if "run" in said or "order" in said:
            return found  # few, with an index of their own
        return PerAccount(found, account_ids(actor=request.user, account_id=said.get("account")))
