"""Pairs of tokens for programs: a short-lived one to work with, and one that buys the next pair, once.

Both carry a fingerprint of the password, so that a new one ends them all.
"""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.settings import api_settings
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken
from rest_framework_simplejwt.tokens import RefreshToken
from rest_framework_simplejwt.utils import get_md5_hash_password

from apps.accounts.models import User
from apps.domain.errors import NotFound


def tokens_issue(user: User) -> dict[str, str]:
    """A new pair, as `access` and `refresh`."""
    refresh = RefreshToken.for_user(user)
    return {"access": str(refresh.access_token), "refresh": str(refresh)}


@transaction.atomic
def tokens_renew(refresh: str) -> dict[str, str]:
    """The next pair; the token given is spent. Raises NotFound where it buys nothing (any more)."""
    try:
        token = RefreshToken(refresh)
        user = User.objects.filter(pk=token[api_settings.USER_ID_CLAIM], is_active=True).first()
        fresh = token.blacklist()[1]
    except (TokenError, KeyError):
        raise _worthless() from None
    # Of two who spend it at the same moment one gets the row, the other finds it there.
    if user is None or not fresh or token.get(api_settings.REVOKE_TOKEN_CLAIM) != get_md5_hash_password(user.password):
        raise _worthless()
    return tokens_issue(user)


def tokens_revoke(refresh: str) -> None:
    """The refresh token buys nothing any more; harmless where it did not anyway."""
    try:
        RefreshToken(refresh).blacklist()
    except TokenError:
        return


def tokens_end(user: User) -> int:
    """No refresh token of the user buys anything any more; access tokens end by themselves in minutes."""
    alive = OutstandingToken.objects.filter(user=user, expires_at__gt=timezone.now(), blacklistedtoken=None)
    return len(BlacklistedToken.objects.bulk_create([BlacklistedToken(token=each) for each in alive]))


def _worthless() -> NotFound:
    return NotFound("this refresh token is spent, has expired or never was one")
