"""Keys for programs: made once, shown once, recognised by a keyed hash, ended by expiry or by hand."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from apps.accounts.addresses import address_allowed, addresses_checked
from apps.accounts.models import ApiKey, User
from apps.accounts.scopes import scopes_checked
from apps.accounts.selectors import apikey_list
from apps.audit.services import audit_record
from apps.common.secrets import hash_matches, keyed_hash, keyed_hashes
from apps.domain.errors import BadInput, NotFound, RuleBroken

PURPOSE: Final = "api key"
_FORM: Final = re.compile(r"vx_([0-9a-f]{8})_[0-9a-f]{48}")
MOST_ACTIVE: Final = 25
LONGEST: Final = timedelta(days=366)
NOTICE_EVERY: Final = timedelta(minutes=1)  # how fresh "last used" is kept; more would be a write a request


@transaction.atomic
def apikey_create(
    *, actor: User, name: str, scopes: Iterable[str], expires_at: datetime, addresses: Iterable[str] = ()
) -> tuple[ApiKey, str]:
    """A key of the actor's own and its whole text, which nobody can see again.

    Raises BadInput for a name that is taken or empty, unknown scopes or addresses and an expiry in the
    past or more than a year away, RuleBroken for one key too many.
    """
    if not actor.is_active:
        raise RuleBroken("this account is switched off", user=actor.pk)
    _limit(actor)
    prefix, secret = secrets.token_hex(4), secrets.token_hex(24)
    raw = f"vx_{prefix}_{secret}"
    key = ApiKey(
        owner=actor,
        name=_name(actor, name),
        prefix=prefix,
        digest=keyed_hash(PURPOSE, raw),
        scopes=scopes_checked(scopes, may_trade=actor.may_trade),
        addresses=addresses_checked(addresses),
        expires_at=_expiry(expires_at),
    )
    try:
        with transaction.atomic():
            key.save()
    except IntegrityError:  # the same name at the same moment, or a prefix that one in four billion hits
        raise BadInput(f"you already have a key named {name.strip()}", field="name") from None
    audit_record(action="apikey.created", actor=actor, target=key, after=_facts(key))
    return key, raw


@transaction.atomic
def apikey_revoke(*, actor: User, key_id: int) -> ApiKey:
    """End a key of one's own (an admin: anybody's) at once and for good. Revoking twice is harmless."""
    key = apikey_list(actor=actor).select_for_update(of=("self",)).filter(pk=key_id).first()
    if key is None:
        raise NotFound("no such API key", key_id=key_id)
    if key.revoked_at is None:
        key.revoked_at = timezone.now()
        key.save(update_fields=["revoked_at"])
        audit_record(action="apikey.revoked", actor=actor, target=key, after={"owner": key.owner.username})
    return key


def apikey_authenticate(raw: str, address: str) -> tuple[User, frozenset[str]]:
    """The key's owner and its scopes.

    Raises NotFound, with one sentence for all reasons: unknown, expired, revoked, used from elsewhere,
    its owner switched off.
    """
    form = _FORM.fullmatch(raw)
    key = ApiKey.objects.select_related("owner").filter(prefix=form[1]).first() if form else None
    known = hash_matches(key.digest if key else "", keyed_hashes(PURPOSE, raw)) if form else False
    if key is None or not known or key.state != "active" or not key.owner.is_active:
        raise NotFound("this API key opens nothing")
    if not address_allowed(address, key.addresses):
        raise NotFound("this API key opens nothing")
    _notice(key, address)
    return key.owner, frozenset(key.scopes)


def apikeys_end(owner: User) -> list[str]:
    """As apikeys_revoke_all, for services that write their own entry; returns the prefixes."""
    keys = ApiKey.objects.filter(owner=owner, revoked_at=None)
    prefixes = list(keys.values_list("prefix", flat=True))
    keys.update(revoked_at=timezone.now())
    return prefixes


@transaction.atomic
def apikeys_revoke_all(*, actor: User | None, owner: User) -> int:
    """End every key of a user: they left, or their account was taken over."""
    prefixes = apikeys_end(owner)
    if prefixes:
        audit_record(action="apikey.revoked_all", actor=actor, target=owner, after={"prefixes": prefixes})
    return len(prefixes)


def _limit(actor: User) -> None:
    active = ApiKey.objects.filter(owner=actor, revoked_at=None, expires_at__gt=timezone.now()).count()
    if active >= MOST_ACTIVE:
        raise RuleBroken(f"you have {active} keys; revoke one you do not use any more", active=active)


def _name(actor: User, name: str) -> str:
    name = name.strip()
    if not name or len(name) > 64:
        raise BadInput("a key needs a name of at most 64 characters", field="name")
    if "\x00" in name:
        raise BadInput("a name cannot hold a NUL character", field="name")
    if ApiKey.objects.filter(owner=actor, name=name, revoked_at=None).exists():
        raise BadInput(f"you already have a key named {name}", field="name")
    return name


def _expiry(at: datetime) -> datetime:
    if timezone.is_naive(at):
        raise BadInput("the expiry needs a time zone", field="expires_at")
    if not timezone.now() < at <= timezone.now() + LONGEST:
        raise BadInput("a key expires in the future, at most a year from now", field="expires_at")
    return at


def _notice(key: ApiKey, address: str) -> None:
    now = timezone.now()
    stale = Q(last_used_at=None) | Q(last_used_at__lt=now - NOTICE_EVERY) | ~Q(last_address=address[:64])
    if key.last_used_at is None or now - key.last_used_at > NOTICE_EVERY or key.last_address != address[:64]:
        ApiKey.objects.filter(stale, pk=key.pk).update(last_used_at=now, last_address=address[:64])


def _facts(key: ApiKey) -> dict[str, Any]:
    return {
        "name": key.name,
        "prefix": key.prefix,
        "scopes": key.scopes,
        "addresses": key.addresses,
        "expires_at": key.expires_at,
    }
