"""Coming in: the password, then the second factor where there is one; every try counted and written down."""

from __future__ import annotations

from typing import Final

from django.contrib.auth import authenticate
from django.db import transaction
from django.http import HttpRequest

from apps.accounts.models import User
from apps.accounts.services.limits import limit_clear, limit_spend, limits_unlock
from apps.accounts.services.second_factor import factor_needed, factor_verify
from apps.audit.services import audit_record
from apps.common.requests import request_facts
from apps.domain.errors import BadInput, RuleBroken, TooOften

REFUSED: Final = "User name and password do not fit together, or this account is switched off."
_RULES: Final = ("login", "login_account", "login_address")


class LoginRefused(BadInput):
    """Wrong name, wrong password or switched off: which of them is not told."""

    code = "login_refused"


class SecondFactorNeeded(RuleBroken):
    """The password was right; a code of the authenticator is wanted too."""

    code = "second_factor_needed"


def password_check(*, username: str, password: str, request: HttpRequest | None = None) -> User:
    """The person of this name and password. Raises LoginRefused, TooOften.

    A name nobody has takes as long and answers the same as a wrong password.
    """
    address = request_facts().address
    try:
        limit_spend(*_RULES, account=username, address=address)
    except TooOften as often:
        if often.facts["first"]:
            _note("login.locked", username)
        raise
    user = authenticate(request, username=_kept(username), password=_kept(password))
    if user is None:
        _note("login.failed", username)
        raise LoginRefused(REFUSED)
    limit_clear("login", "login_account", account=username, address=address)
    return user


def code_check(*, user: User, code: str) -> str:
    """Take a code of the authenticator or a recovery code; returns which it was. Raises LoginRefused, TooOften."""
    account = f"user:{user.pk}"
    try:
        limit_spend("code", account=account)
    except TooOften as often:
        if often.facts["first"]:
            _note("login.locked", user)
        raise
    kind = factor_verify(user=user, code=code)
    if kind is None:
        _note("login.code_failed", user)
        raise LoginRefused("This code is not right, or was used before.", field="code")
    limit_clear("code", account=account)
    return kind


def login_check(*, username: str, password: str, code: str = "") -> User:
    """Both steps at once, for doors without a session (tokens). Raises SecondFactorNeeded where `code` lacks.

    Whoever calls this says `login_noted` once the door is open.
    """
    user = password_check(username=username, password=password)
    if factor_needed(user):
        if not code:
            raise SecondFactorNeeded("a code of your authenticator is needed too", field="code")
        code_check(user=user, code=code)
    return user


@transaction.atomic
def login_noted(*, user: User, how: str) -> None:
    """`how`: "password", "totp", "recovery code", "token"."""
    audit_record(action="login.passed", actor=user, target=user, after={"how": how})


@transaction.atomic
def logout_noted(*, user: User) -> None:
    audit_record(action="login.ended", actor=user, target=user)


@transaction.atomic
def login_unlock(*, actor: User, user: User) -> None:
    """Let somebody try again at once who was locked out by too many tries."""
    limits_unlock(user.username)
    limits_unlock(f"user:{user.pk}")
    limits_unlock(user.email)
    audit_record(action="login.unlocked", actor=actor, target=user)


def password_confirm(*, actor: User, password: str) -> None:
    """Is it still them? Asked before anything that would outlive a stolen session. Raises BadInput, TooOften."""
    account = f"user:{actor.pk}"
    limit_spend("confirm", account=account)
    if not actor.check_password(password):
        _note("login.confirm_failed", actor)
        raise BadInput("This is not your password.", field="password")
    limit_clear("confirm", account=account)


def _kept(text: str) -> str:
    """Nothing at all in place of what no database could hold: NUL, half characters."""
    return "" if "\x00" in text or any("\ud800" <= each <= "\udfff" for each in text) else text


@transaction.atomic
def _note(action: str, who: User | str) -> None:
    """A typed name is written down only if somebody has it: people type passwords there."""
    user = who if isinstance(who, User) else User.objects.filter(username=_kept(who)).first()
    audit_record(action=action, actor=user.username if user else "unknown name", target=user)
