"""Me, my accounts, and who else may read them."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework.request import Request

from apps.accounts import selectors
from apps.accounts.api.serializers import AccountIn, AccountOut, GrantIn, GrantOut, MeIn, MeOut, described
from apps.accounts.models import BrokerAccount, Grant
from apps.accounts.services import people
from apps.api.access import People, Scope
from apps.api.authentication import scopes_of
from apps.api.door import Door, operation
from apps.api.pages import Paging

ME, ACCOUNTS = "Me", "Accounts"
BY_ID = Paging({"id": ("pk",)}, "id")


class Me(Door):
    @operation("me_get", ME, Scope.ACCOUNT, answer=MeOut)
    def get(self, request: Request, said: dict[str, Any]) -> Any:
        """Who am I, and what may I do here?"""
        return described(request.user, scopes_of(request))

    @operation("me_edit", ME, Scope.PERSON, body=MeIn, answer=MeOut, rate="write")
    def patch(self, request: Request, said: dict[str, Any]) -> Any:
        """Change my name, time zone or theme."""
        people.profile_set(actor=request.user, **said)
        return described(request.user, scopes_of(request))


class Accounts(Door):
    @operation("accounts_list", ACCOUNTS, Scope.PORTFOLIO, answer=AccountOut, many=True, paging=BY_ID)
    def get(self, request: Request, said: dict[str, Any]) -> QuerySet[BrokerAccount]:
        """My accounts and those granted to me; an admin's are all."""
        return selectors.account_list(actor=request.user)

    @operation(
        "accounts_open", ACCOUNTS, Scope.ACCOUNT_WRITE, people=People.TRADERS, body=AccountIn, answer=AccountOut,
        status=201, rate="write", once="accepted", refusals=("rule_broken",),
        examples=(("A paper account", {"name": "Swing", "currency": "USD", "starting_cash": "100000"}),),
    )  # fmt: skip
    def post(self, request: Request, said: dict[str, Any]) -> BrokerAccount:
        """Open a paper account of my own, in dry run."""
        return people.account_open(owner=request.user, **said)


class Account(Door):
    @operation("accounts_get", ACCOUNTS, Scope.PORTFOLIO, answer=AccountOut)
    def get(self, request: Request, said: dict[str, Any], account_id: int) -> BrokerAccount:
        """One account."""
        return selectors.account_get(actor=request.user, account_id=account_id)


class Grants(Door):
    @operation("grants_list", ACCOUNTS, Scope.ACCOUNT, answer=GrantOut, many=True, paging=BY_ID)
    def get(self, request: Request, said: dict[str, Any]) -> QuerySet[Grant]:
        """Who may read my accounts; an investor's own grants; an admin's are all."""
        return selectors.grant_list(actor=request.user)

    @operation(
        "grants_create", ACCOUNTS, Scope.ACCOUNT_WRITE, people=People.TRADERS, body=GrantIn, answer=GrantOut,
        status=201, rate="write", refusals=("not_found",),
    )  # fmt: skip
    def post(self, request: Request, said: dict[str, Any]) -> Grant:
        """Let an investor read one of my accounts. Granting twice is harmless."""
        return people.grant_create(actor=request.user, account_id=said["account"], investor=said["investor"])


class OneGrant(Door):
    @operation("grants_delete", ACCOUNTS, Scope.ACCOUNT_WRITE, people=People.TRADERS, rate="write")
    def delete(self, request: Request, said: dict[str, Any], grant_id: int) -> None:
        """Take the right to read back."""
        people.grant_delete(actor=request.user, grant_id=grant_id)
