"""Logging in for programs: a short-lived access token, and a refresh token that buys the next pair once."""

from __future__ import annotations

from typing import Any

from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from apps.accounts.api.serializers import LoginIn, RefreshIn, TokensOut
from apps.accounts.services import LoginRefused, SecondFactorNeeded, login_check, login_noted
from apps.accounts.services.tokens import tokens_issue, tokens_renew, tokens_revoke
from apps.api.access import People, Scope
from apps.api.door import Door, operation
from apps.domain.errors import NotFound

LOGIN = "Login"


class Tokens(Door):
    @operation(
        "tokens_create", LOGIN, Scope.PERSON, people=People.ANYBODY, body=LoginIn, answer=TokensOut, rate="login",
        refusals=("unauthenticated",),
        examples=(("A trader", {"username": "maya", "password": "velox-demo"}),),
    )  # fmt: skip
    def post(self, request: Request, said: dict[str, Any]) -> dict[str, str]:
        """Log in with user name, password and, where the account has a second factor, its code.

        Counted and locked out as the login page is, by the same counters.
        """
        try:
            user = login_check(**said)
        except SecondFactorNeeded:
            raise AuthenticationFailed("The password is right; send a code of the authenticator as `code`.") from None
        except LoginRefused as refused:
            raise AuthenticationFailed(refused.message) from None
        login_noted(user=user, how="token")
        return tokens_issue(user)


class Refresh(Door):
    @operation(
        "tokens_refresh", LOGIN, Scope.PERSON, people=People.ANYBODY, body=RefreshIn, answer=TokensOut, rate="login",
        refusals=("unauthenticated",),
    )  # fmt: skip
    def post(self, request: Request, said: dict[str, Any]) -> dict[str, str]:
        """A new pair; the refresh token sent is spent."""
        try:
            return tokens_renew(said["refresh"])
        except NotFound as error:
            raise AuthenticationFailed(error.message) from None


class Revoke(Door):
    @operation("tokens_revoke", LOGIN, Scope.PERSON, people=People.ANYBODY, body=RefreshIn, rate="login")
    def post(self, request: Request, said: dict[str, Any]) -> None:
        """Log out: the refresh token buys nothing any more. Harmless where it did not anyway."""
        tokens_revoke(said["refresh"])
