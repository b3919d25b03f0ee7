"""Mails and chores about people; a task looks up for itself what it needs, so no secret waits in a queue."""

from __future__ import annotations

from celery import shared_task
from django.contrib.auth.tokens import default_token_generator
from django.db import transaction
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from apps.accounts.mail import link, mail_send
from apps.accounts.models import Invitation, Role, User
from apps.accounts.services.invitations import invitation_make, invitation_token
from apps.accounts.services.limits import limits_forget
from apps.audit.services import audit_record
from apps.common.requests import RequestFacts


@shared_task(name="accounts.mail_registration")
def mail_registration(email: str, origin: str, address: str) -> None:
    """A link to go on with, or, where the address has an account, a word that somebody tried."""
    known = User.objects.filter(email__iexact=email).first()
    if known is not None:
        mail_send(known.email, "registered_already", user=known, reset=link(origin, reverse("accounts:reset")))
        return
    made = invitation_make(actor=None, email=email, role=Role.TRADER)
    with transaction.atomic():
        audit_record(action="user.asked_in", target=made, facts=RequestFacts(address=address))
    _mail_link(made, origin, "registration")


@shared_task(name="accounts.mail_invitation")
def mail_invitation(invitation_id: int, origin: str) -> None:
    made = Invitation.objects.select_related("invited_by").filter(pk=invitation_id).first()
    if made is not None and made.is_open:
        _mail_link(made, origin, "invitation")


@shared_task(name="accounts.mail_reset")
def mail_reset(email: str, origin: str, address: str) -> None:
    """A link that is good once, to everybody who has this address and may sign in."""
    user = User.objects.filter(email__iexact=email, is_active=True).first()
    if user is None:
        return
    key = urlsafe_base64_encode(force_bytes(user.pk))
    path = reverse("accounts:reset-confirm", args=[key, default_token_generator.make_token(user)])
    with transaction.atomic():
        audit_record(action="password.reset_asked", target=user, facts=RequestFacts(address=address))
    mail_send(user.email, "reset", user=user, link=link(origin, path))


@shared_task(name="accounts.mail_notice")
def mail_notice(user_id: int, what: str) -> None:
    """Tell somebody that something about how they sign in was changed: `what` is "password" or "factor"."""
    user = User.objects.filter(pk=user_id).first()
    if user is not None and user.email:
        mail_send(user.email, f"notice_{what}", user=user)


@shared_task(name="accounts.attempts_forget")
def attempts_forget() -> int:
    return limits_forget()


def _mail_link(made: Invitation, origin: str, template: str) -> None:
    path = reverse("accounts:join", args=[invitation_token(made)])
    mail_send(made.email, template, invitation=made, link=link(origin, path))
