"""Webhooks: made, given new secrets, switched off and on. Their secrets are shown once."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from django.db import transaction
from django.utils import timezone

from apps.accounts.addresses import address_allowed, addresses_checked
from apps.accounts.models import User
from apps.accounts.selectors import account_tradable
from apps.audit.services import audit_record
from apps.common.secrets import hash_matches, keyed_hash, keyed_hashes
from apps.domain.errors import BadInput, NotFound, RuleBroken
from apps.instruments.models import Instrument
from apps.instruments.selectors import instrument_get
from apps.webhooks.models import Webhook
from apps.webhooks.selectors import hook_get

PURPOSE: Final = "webhook"
MOST: Final = 50  # of one owner
FASTEST: Final = 600  # deliveries a minute
_NOBODY: Final = "0" * 64


@dataclass(frozen=True, slots=True)
class Opened:
    """What is shown once: the secret half of the address, and the key for signatures."""

    hook: Webhook
    secret: str
    signing_key: str

    @property
    def path(self) -> str:
        return f"/hooks/{self.hook.public_id}/{self.secret}"


@transaction.atomic
def hook_create(
    *,
    actor: User,
    account_id: int,
    name: str,
    instrument: int | None = None,
    signed_only: bool = False,
    addresses: Iterable[str] = (),
    per_minute: int = 60,
) -> Opened:
    """A webhook on an account the actor may trade; it trades as the account's owner. Raises NotFound, BadInput."""
    account = account_tradable(actor=actor, account_id=account_id)
    if not 1 <= per_minute <= FASTEST:
        raise BadInput(f"between 1 and {FASTEST} deliveries a minute", field="per_minute")
    if Webhook.objects.filter(owner=account.owner).count() >= MOST:
        raise RuleBroken(f"there are {MOST} webhooks already; use one of those that stand idle")
    hook = Webhook(
        owner=account.owner,
        account=account,
        name=_name_free(account.owner, name),
        instrument=_traded(instrument),
        signed_only=signed_only,
        addresses=addresses_checked(addresses),
        per_minute=per_minute,
    )
    opened = _secrets_new(hook)
    hook.save()
    audit_record(action="webhook.created", actor=actor, target=hook, after=_facts(hook))
    return opened


@transaction.atomic
def hook_rotate(*, actor: User, hook_id: int) -> Opened:
    """New secret and signing key; the old ones end with this transaction."""
    hook = hook_get(actor=actor, hook_id=hook_id, lock=True)
    opened = _secrets_new(hook)
    hook.rotated_at = timezone.now()
    hook.save(update_fields=["digest", "signing_key", "rotated_at", "updated_at"])
    audit_record(action="webhook.rotated", actor=actor, target=hook)
    return opened


@transaction.atomic
def hook_switch(*, actor: User, hook_id: int, on: bool) -> Webhook:
    """Off: it answers as if it were not there. Switching twice is harmless."""
    hook = hook_get(actor=actor, hook_id=hook_id, lock=True)
    if hook.is_active != on:
        hook.is_active = on
        hook.save(update_fields=["is_active", "updated_at"])
        audit_record(action="webhook.enabled" if on else "webhook.disabled", actor=actor, target=hook)
    return hook


def hook_authenticate(*, public_id: str, secret: str, address: str) -> Webhook:
    """The hook whose address was posted to. Raises NotFound, with one sentence and after the same work for all
    reasons: unknown, wrong secret, switched off, used from elsewhere."""
    hook = Webhook.objects.select_related("owner", "account", "instrument").filter(public_id=public_id).first()
    known = hash_matches(hook.digest if hook else _NOBODY, keyed_hashes(PURPOSE, f"{public_id}:{secret}"))
    allowed = address_allowed(address, hook.addresses if hook else [])
    if hook is None or not known or not allowed or not hook.is_active:
        raise NotFound("there is no such webhook")
    return hook


def _secrets_new(hook: Webhook) -> Opened:
    secret, hook.signing_key = secrets.token_urlsafe(24), secrets.token_hex(32)
    hook.digest = keyed_hash(PURPOSE, f"{hook.public_id}:{secret}")
    return Opened(hook, secret, hook.signing_key)


def _name_free(owner: User, name: str) -> str:
    name = name.strip()
    if not 1 <= len(name) <= 64 or not name.isprintable():
        raise BadInput("a webhook needs a name of 1 to 64 printable characters", field="name")
    if Webhook.objects.filter(owner=owner, name=name).exists():
        raise BadInput(f"there is a webhook named {name} already", field="name")
    return name


def _traded(number: int | None) -> Instrument | None:
    if number is None:
        return None
    instrument = instrument_get(number)
    if not instrument.is_active:
        raise BadInput(f"{instrument.symbol} is not traded any more", field="instrument")
    return instrument


def _facts(hook: Webhook) -> dict[str, Any]:
    return {
        "name": hook.name,
        "public_id": hook.public_id,
        "account": hook.account,
        "instrument": hook.instrument,
        "signed_only": hook.signed_only,
        "addresses": hook.addresses,
        "per_minute": hook.per_minute,
    }
