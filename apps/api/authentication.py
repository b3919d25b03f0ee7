"""Who is asking: an access token, an API key, or the session of a page (which also needs its CSRF token)."""

from __future__ import annotations

from typing import Any, Final

from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework_simplejwt.authentication import JWTAuthentication

from apps.accounts import services
from apps.accounts.models import User
from apps.common.requests import client_address, request_via
from apps.domain.errors import NotFound

API_KEY_HEADER: Final = "X-API-Key"


class AccessToken(JWTAuthentication):
    """`Authorization: Bearer …`. Comes first: its challenge is what an anonymous request is answered with."""

    def authenticate(self, request: Request) -> tuple[User, Any] | None:
        found = super().authenticate(request)
        if found is not None:
            request_via("access token")
        return found

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="velox"'


class ApiKey(BaseAuthentication):
    """`X-API-Key: …`. `request.auth` holds its scopes; tokens and sessions are not limited by scopes."""

    def authenticate(self, request: Request) -> tuple[User, frozenset[str]] | None:
        raw = request.headers.get(API_KEY_HEADER)
        if raw is None:
            return None
        try:
            found = services.apikey_authenticate(raw, client_address(request._request))
        except NotFound:
            raise AuthenticationFailed("This API key opens nothing here.") from None
        request_via(f"api key {raw[3:11]}")  # its public part
        return found


def scopes_of(request: Request) -> frozenset[str] | None:
    """What an API key may do; None for whoever logged in."""
    return request.auth if isinstance(request.auth, frozenset) else None
