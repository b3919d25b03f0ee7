"""Logging in for programs: a short-lived access token, and a refresh token that buys the next pair once."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import authenticate
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.serializers import TokenRefreshSerializer
from rest_framework_simplejwt.tokens import RefreshToken

from apps.accounts.api.serializers import LoginIn, RefreshIn, TokensOut
from apps.api.access import People, Scope
from apps.api.door import Door, operation

LOGIN = "Login"


class Tokens(Door):
    authentication_classes = []

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
        refresh = RefreshToken.for_user(user)
        return {"access": str(refresh.access_token), "refresh": str(refresh)}


class Refresh(Door):
    authentication_classes = []

    @operation(
        "tokens_refresh", LOGIN, Scope.PERSON, people=People.ANYBODY, body=RefreshIn, answer=TokensOut, rate="login",
        refusals=("unauthenticated",),
    )  # fmt: skip
    def post(self, request: Request, said: dict[str, Any]) -> dict[str, str]:
        """A new pair; the refresh token sent is spent."""
        asked = TokenRefreshSerializer(data=said)
        try:
            asked.is_valid(raise_exception=True)
        except TokenError:
            raise AuthenticationFailed("This refresh token is spent, has expired or never was one.") from None
        return asked.validated_data  # type: ignore[no-any-return]


class Revoke(Door):
    authentication_classes = []

    @operation("tokens_revoke", LOGIN, Scope.PERSON, people=People.ANYBODY, body=RefreshIn, rate="login")
    def post(self, request: Request, said: dict[str, Any]) -> None:
        """Log out: the refresh token buys nothing any more. Harmless where it did not anyway."""
        try:
            RefreshToken(said["refresh"]).blacklist()
        except TokenError:
            return
