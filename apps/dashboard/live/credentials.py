"""Sessions, API keys and access tokens, looked up: the only place where the sockets ask whether they still hold."""

from __future__ import annotations

import time
from importlib import import_module
from typing import Any, Final

from channels.auth import get_user
from channels.db import database_sync_to_async
from django.conf import settings
from rest_framework.exceptions import APIException
from rest_framework_simplejwt.authentication import JWTAuthentication
from rest_framework_simplejwt.exceptions import TokenError

from apps.accounts.services import apikey_authenticate
from apps.dashboard.live.visitors import KEY, Credential, Visitor, session_visitor
from apps.domain.errors import NotFound

_KEY_NAME: Final = len("vx_") + 8  # a key up to its secret: what it is called wherever it is shown


class Credentials:
    """`Sources`' part about people."""

    async def signed_in(self, scope: dict[str, Any]) -> Visitor | None:
        store = import_module(settings.SESSION_ENGINE).SessionStore  # as stored now, not as it was on coming in
        user = await get_user({"session": store(scope["session"].session_key)})
        return session_visitor(user) if user.is_authenticated else None

    @database_sync_to_async
    def admit(self, credential: Credential, address: str) -> Visitor:
        if credential.kind == KEY:
            user, scopes = apikey_authenticate(credential.text, address)
            return Visitor(user, f"key:{credential.text[:_KEY_NAME]}", scopes)
        return _bearer(credential.text)


def _bearer(text: str) -> Visitor:
    """As the REST API judges an access token: signature, expiry, its user active, the password still the same."""
    judge = JWTAuthentication()
    try:
        token = judge.get_validated_token(text.encode())
        user = judge.get_user(token)
    except (APIException, TokenError):
        raise NotFound("this access token opens nothing") from None
    return Visitor(user, f"user:{user.pk}", until_s=float(token.get("exp", time.time())))
