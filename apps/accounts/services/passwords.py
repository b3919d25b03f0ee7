"""Passwords: changed by who knows the old one, reset by who reads the mail."""

from __future__ import annotations

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from apps.accounts.mail import mail_later
from apps.accounts.models import User
from apps.accounts.services.devices import sessions_end
from apps.accounts.services.limits import limit_spend
from apps.accounts.services.login import login_unlock, password_confirm
from apps.audit.services import audit_record
from apps.common.requests import request_facts
from apps.domain.errors import BadInput


def password_checked(password: str, user: User) -> str:
    """By the rules of the installation. Raises BadInput with every reason in words."""
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise BadInput(" ".join(error.messages), field="password") from None
    return password


def password_change(*, actor: User, old: str, new: str, session_key: str = "") -> None:
    """Set a new one and end all other sessions. Raises BadInput, TooOften."""
    password_confirm(actor=actor, password=old)
    password_checked(new, actor)
    with transaction.atomic():
        ended = _set(actor, new, session_key)
        audit_record(action="password.changed", actor=actor, target=actor, after={"sessions_ended": ended})
        mail_later("accounts.mail_notice", actor.pk, "password")


def password_reset_begin(*, email: str, origin: str) -> None:
    """Send a link to whoever has this address. The answer is the same where nobody does. Raises TooOften.

    `origin`: scheme and host of the page, for the link.
    """
    limit_spend("mail", "mail_address", account=email, address=request_facts().address)
    mail_later("accounts.mail_reset", email.strip()[:254], origin, request_facts().address)


@transaction.atomic
def password_reset_finish(*, user: User, new: str) -> None:
    """Set the password of whoever followed the link, end all their sessions and let them in again.

    The link was made of the old password's hash, so it is good once. The second factor stays.
    """
    ended = _set(user, new, "")
    login_unlock(actor=user, user=user)
    audit_record(action="password.reset", actor=user, target=user, after={"sessions_ended": ended})
    mail_later("accounts.mail_notice", user.pk, "password")


def _set(user: User, new: str, session_key: str) -> int:
    user.set_password(new)
    user.save(update_fields=["password"])
    return sessions_end(user, session_key)
