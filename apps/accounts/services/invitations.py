"""The two ways in: an admin invites, or the person asks for a link where registration is open.

Nothing of a person is stored but the address a link went to, until they follow it: that proves the
address, and only then a name and a password are asked for.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from django.conf import settings
from django.core import signing
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.accounts.mail import mail_later
from apps.accounts.models import Invitation, Role, User, zone_validate
from apps.accounts.services.limits import limit_spend
from apps.accounts.services.passwords import password_checked
from apps.accounts.services.people import account_open, user_create
from apps.audit.services import audit_record
from apps.common.requests import request_facts
from apps.domain.errors import BadInput, NotFound, RuleBroken

INVITED: Final = timedelta(days=7)
REGISTERED: Final = timedelta(hours=24)
_SALT: Final = "velox.invitation"
_PRACTICE: Final = Decimal(100_000)


def registration_open() -> bool:
    return settings.REGISTRATION == "open"


def registration_begin(*, email: str, origin: str) -> None:
    """Send a link to this address. The answer is the same whether somebody has it already or not.

    Raises RuleBroken where people come in by invitation only, BadInput for what is no address, TooOften.
    """
    if not registration_open():
        raise RuleBroken("this installation takes people in by invitation only; ask its admin for one")
    email = _email(email)
    limit_spend("mail", "mail_address", account=email, address=request_facts().address)
    mail_later("accounts.mail_registration", email, origin, request_facts().address)


@transaction.atomic
def invitation_make(*, actor: User | None, email: str, role: Role, origin: str = "") -> Invitation:
    """An invitation by an admin, whose link goes out by mail, or (actor None) one somebody asked for themselves.

    Raises RuleBroken for who is no admin, BadInput for an address that is none or has an account.
    """
    if actor is not None and not actor.is_admin:
        raise RuleBroken("only an admin invites")
    email = _email(email)
    if User.objects.filter(email__iexact=email).exists():
        raise BadInput(f"{email} has an account already", field="email")
    earlier = Invitation.objects.filter(email__iexact=email, used_at=None, withdrawn_at=None)
    earlier.filter(invited_by__isnull=actor is None).update(withdrawn_at=timezone.now())
    good_for = REGISTERED if actor is None else INVITED
    made = Invitation.objects.create(email=email, role=role, invited_by=actor, expires_at=timezone.now() + good_for)
    if actor is not None:
        audit_record(action="user.invited", actor=actor, target=made, after={"email": email, "role": role})
        mail_later("accounts.mail_invitation", made.pk, origin)
    return made


@transaction.atomic
def invitation_withdraw(*, actor: User, invitation: Invitation) -> None:
    """Its link opens nothing any more."""
    if invitation.is_open:
        invitation.withdrawn_at = timezone.now()
        invitation.save(update_fields=["withdrawn_at"])
        audit_record(action="user.uninvited", actor=actor, target=invitation)


def invitation_token(invitation: Invitation) -> str:
    """What its link ends with: signed, so that it can be made and believed without being stored."""
    return signing.Signer(salt=_SALT).sign(f"{invitation.pk}")


def invitation_get(token: str, *, lock: bool = False) -> Invitation:
    """Raises NotFound for one that is forged, expired, withdrawn or used, and TooOften for who guesses."""
    invitations = Invitation.objects.select_for_update() if lock else Invitation.objects
    try:
        found = invitations.filter(pk=int(signing.Signer(salt=_SALT).unsign(token))).first()
    except (signing.BadSignature, ValueError):
        limit_spend("link", address=request_facts().address)
        found = None
    closed = found is not None and found.invited_by_id is None and not registration_open()
    if found is None or not found.is_open or closed:
        raise NotFound("This link is not good any more. Ask for a new one.")
    return found


def invitation_accept(*, token: str, username: str, password: str, time_zone: str = "UTC") -> User:
    """The person the link went to chooses name and password and may sign in. A link is good once.

    Raises NotFound, BadInput.
    """
    try:
        with transaction.atomic():
            return _accept(token, username.strip(), password, time_zone)
    except IntegrityError:  # the same name at the same moment
        raise BadInput(f"the user name {username} is taken", field="username") from None


def _accept(token: str, username: str, password: str, time_zone: str) -> User:
    invitation = invitation_get(token, lock=True)
    draft = User(username=username, email=invitation.email, role=invitation.role)
    _cleaned(draft, time_zone)
    password_checked(password, draft)
    user = user_create(
        username=username,
        email=invitation.email,
        password=password,
        role=Role(invitation.role),
        time_zone=time_zone,
    )
    invitation.used_at = timezone.now()
    invitation.save(update_fields=["used_at"])
    if settings.DEMO and user.may_trade and not user.is_admin:
        account_open(owner=user, name="Practice", currency="USD", starting_cash=_PRACTICE)
    by = invitation.invited_by.username if invitation.invited_by else "themselves"
    told: dict[str, Any] = {"email": user.email, "role": user.role, "invited_by": by}
    audit_record(action="user.registered", actor=user, target=user, after=told)
    return user


def _cleaned(draft: User, time_zone: str) -> None:
    try:
        draft.clean_fields(exclude=["password", "email", "role"])
    except ValidationError as error:
        field, reasons = next(iter(error.message_dict.items()))
        raise BadInput(" ".join(reasons), field=field) from None
    try:
        zone_validate(time_zone)
    except ValidationError as error:
        raise BadInput(error.message, field="time_zone") from None


def _email(email: str) -> str:
    try:
        validate_email(email.strip())
    except ValidationError:
        raise BadInput("write an e-mail address such as name@example.com", field="email") from None
    return email.strip()[:254]
