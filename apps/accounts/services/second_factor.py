"""The second factor: an authenticator app (RFC 6238) and recovery codes for the day it is lost."""

from __future__ import annotations

import base64
import secrets
import time
from typing import Final
from urllib.parse import quote, urlencode

import segno
from django.db import transaction
from django.utils import timezone
from django_otp.oath import TOTP

from apps.accounts.mail import mail_later
from apps.accounts.models import Authenticator, RecoveryCode, User
from apps.audit.services import audit_record
from apps.common.secrets import keyed_hash, keyed_hashes
from apps.domain.errors import BadInput, RuleBroken

CODES: Final = 10
TOLERANCE: Final = 1  # steps of 30 s that a clock may be off beyond what is known of it
_ISSUER: Final = "Velox"
_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"  # none that is read as another
_PURPOSE: Final = "recovery code"


def factor_needed(user: User) -> bool:
    return Authenticator.objects.filter(user=user, confirmed_at__isnull=False).exists()


@transaction.atomic
def factor_begin(*, actor: User) -> Authenticator:
    """An authenticator that waits for its first code; asked again before that, it is the same one.

    Raises RuleBroken where one is in use.
    """
    secret = base64.b32encode(secrets.token_bytes(20)).decode()
    found, _ = Authenticator.objects.get_or_create(user=actor, defaults={"secret": secret})
    if found.confirmed_at is not None:
        raise RuleBroken("an authenticator is in use already; turn it off first")
    return found


def factor_uri(authenticator: Authenticator) -> str:
    """What its QR code says."""
    label = quote(f"{_ISSUER}:{authenticator.user.get_username()}")
    facts = urlencode({"secret": authenticator.secret, "issuer": _ISSUER, "digits": 6, "period": 30})
    return f"otpauth://totp/{label}?{facts}"


def factor_picture(authenticator: Authenticator) -> str:
    """The QR code as an SVG data URI, dark on white in every theme: cameras want that."""
    return segno.make(factor_uri(authenticator), error="m").svg_data_uri(scale=5, border=3, light="#fff", dark="#000")


@transaction.atomic
def factor_confirm(*, actor: User, code: str) -> list[str]:
    """Put the waiting authenticator to use with its first code; returns recovery codes, to be shown once.

    Raises RuleBroken where none waits, BadInput for a code that is not its own.
    """
    waiting = Authenticator.objects.select_for_update().filter(user=actor, confirmed_at=None).first()
    if waiting is None:
        raise RuleBroken("no authenticator waits for its first code; begin anew")
    if not _take_code(waiting, code):
        raise BadInput("This is not the code it shows now. Is the clock of your phone right?", field="code")
    waiting.confirmed_at = timezone.now()
    waiting.save(update_fields=["confirmed_at"])
    codes = _codes_make(actor)
    audit_record(action="factor.enabled", actor=actor, target=actor)
    mail_later("accounts.mail_notice", actor.pk, "factor")
    return codes


@transaction.atomic
def factor_disable(*, actor: User, user: User) -> None:
    """Take the second factor away: one's own, or as an admin that of somebody who lost it. Raises RuleBroken."""
    if actor.pk != user.pk and not actor.is_admin:
        raise RuleBroken("only they themselves or an admin may do that")
    gone, _ = Authenticator.objects.filter(user=user).delete()
    RecoveryCode.objects.filter(user=user).delete()
    if gone:
        audit_record(action="factor.disabled", actor=actor, target=user)
        mail_later("accounts.mail_notice", user.pk, "factor")


@transaction.atomic
def factor_codes_renew(*, actor: User) -> list[str]:
    """New recovery codes; the old ones end. Raises RuleBroken where there is no second factor."""
    if not factor_needed(actor):
        raise RuleBroken("recovery codes come with an authenticator; set one up first")
    codes = _codes_make(actor)
    audit_record(action="factor.codes_renewed", actor=actor, target=actor)
    return codes


def factor_codes_left(user: User) -> int:
    return RecoveryCode.objects.filter(user=user, used_at=None).count()


@transaction.atomic
def factor_verify(*, user: User, code: str) -> str | None:
    """ "totp" or "recovery code" for a code that is right; None otherwise. A code is good once."""
    code = "".join(code.split()).lower()
    device = Authenticator.objects.select_for_update().filter(user=user, confirmed_at__isnull=False).first()
    if device is None:
        return None
    if _take_code(device, code):
        return "totp"
    spent = RecoveryCode.objects.filter(user=user, used_at=None, digest__in=keyed_hashes(_PURPOSE, _bare(user, code)))
    if spent.update(used_at=timezone.now()):
        audit_record(action="factor.code_used", actor=user, target=user, after={"left": factor_codes_left(user)})
        return "recovery code"
    return None


def _take_code(device: Authenticator, code: str) -> bool:
    code = "".join(code.split())
    if len(code) != 6 or not code.isascii() or not code.isdigit():
        return False
    totp = TOTP(base64.b32decode(device.secret), drift=device.drift)
    totp.time = time.time()
    if not totp.verify(int(code), tolerance=TOLERANCE, min_t=device.last_step + 1):
        return False
    device.last_step, device.drift = totp.t(), totp.drift
    device.save(update_fields=["last_step", "drift"])
    return True


def _codes_make(user: User) -> list[str]:
    RecoveryCode.objects.filter(user=user).delete()
    codes = ["-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(3)) for _ in range(CODES)]
    RecoveryCode.objects.bulk_create(
        RecoveryCode(user=user, digest=keyed_hash(_PURPOSE, _bare(user, code))) for code in codes
    )
    return codes


def _bare(user: User, code: str) -> str:
    """Bound to its owner, and as it may be typed: without dashes."""
    return f"{user.pk}:{code.replace('-', '')}".encode("utf-8", "replace").decode()
