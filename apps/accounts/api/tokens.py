"""Logging in for programs: a short-lived access token, and a refresh token that buys the next pair once."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import authenticate
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from apps.accounts.api.serializers import LoginIn, RefreshIn, TokensOut
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
        """Log in with user name and password."""
        user = authenticate(request._request, **said)
        if user is None:
            raise AuthenticationFailed("This user name and password do not go together.")
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
