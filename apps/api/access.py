"""Who may use an operation: the roles it is open to, and the scope an API key needs for it."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from rest_framework.exceptions import NotAuthenticated
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from apps.api.authentication import scopes_of


class Scope(StrEnum):
    """What an API key can be allowed. `PERSON` is in no key: it needs somebody who logged in."""

    MARKET = "market:read"
    STRATEGIES = "strategies:read"
    STRATEGIES_WRITE = "strategies:write"
    ORDERS = "orders:read"
    ORDERS_WRITE = "orders:write"
    PORTFOLIO = "portfolio:read"
    RISK = "risk:read"
    RISK_WRITE = "risk:write"
    ACCOUNT = "account:read"
    ACCOUNT_WRITE = "account:write"
    PERSON = "person"


class People(StrEnum):
    """Whom an operation is open to. Whose things they then find is the selectors' to say."""

    ANYBODY = "anybody"
    USERS = "users"
    TRADERS = "traders"  # and admins
    ADMINS = "admins"


class MayUse(BasePermission):
    """Reads the rule off the operation; a view without one is closed to everybody."""

    def has_permission(self, request: Request, view: Any) -> bool:
        operation = view.operation()
        if operation is None:
            return True  # no such method: the 405 tells nothing
        if operation.people is People.ANYBODY:
            return True
        if not request.user.is_authenticated:
            raise NotAuthenticated
        scopes = scopes_of(request)
        if scopes is not None and operation.scope not in scopes:
            self.message = f"This needs the scope {operation.scope}."
            if operation.scope is Scope.PERSON:
                self.message = "This needs somebody who logged in; no API key reaches it."
            return False
        if operation.people is People.TRADERS:
            self.message = "This is open to traders."
            return bool(request.user.may_trade)
        self.message = "This is open to admins."
        return operation.people is not People.ADMINS or bool(request.user.is_admin)
