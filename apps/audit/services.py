"""One way into the trail. An entry stands or falls with the change it tells of."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from typing import Any, Final

from django.db import connection, models
from django.utils import timezone

from apps.audit.chain import canonical, entry_hash, genesis, head_seal
from apps.audit.models import AuditEntry, AuditHead
from apps.audit.redact import difference, text
from apps.common.requests import RequestFacts, request_facts
from apps.common.rows import row_insert, row_update, rows

SYSTEM: Final = "system"
_ACTION: Final = re.compile(r"[a-z][a-z_]*\.[a-z][a-z_]*")
_HEAD = f"SELECT installation, number, hash FROM {AuditHead._meta.db_table} WHERE id = 1"  # noqa: S608


def audit_record(
    *,
    action: str,
    actor: Any = None,
    target: models.Model | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    facts: RequestFacts | None = None,
) -> int:
    """Add one entry and return its number. `action`: `thing.happened`; every one is listed in docs/audit.md.

    `actor`: who did it (None: the system), or the name somebody gave who could not prove it. `before` and
    `after`: field values; where both are given only what differs is kept. Secrets are taken out. `facts`:
    where it came from, unless it is the request this runs in.

    Raises RuntimeError outside a transaction. Call it last in there: from here to the commit every other
    entry waits, and who holds nothing else that another waits for cannot be in a deadlock with it.
    """
    if not connection.in_atomic_block:
        raise RuntimeError(f"audit_record({action!r}) outside a transaction: the entry could outlive its change")
    if not _ACTION.fullmatch(action):
        raise ValueError(f"an action reads thing.happened, not {action!r}")
    old, new = difference(before, after)
    told = {
        **_who(actor),
        **_what(target),
        **_where(facts or request_facts()),
        "action": action,
        "before": canonical(old) if old else "",
        "after": canonical(new) if new else "",
    }
    return _append(told)


def audit_target(target: models.Model) -> tuple[str, str]:
    """(target_type, target_id) under which a thing is found in the trail."""
    return target._meta.label_lower, str(target.pk)


def _who(actor: Any) -> dict[str, Any]:
    if actor is None or isinstance(actor, str):
        return {"actor_id": None, "actor": text(actor or SYSTEM, 150)}
    return {"actor_id": actor.pk, "actor": text(actor.get_username(), 150)}


def _what(target: models.Model | None) -> dict[str, str]:
    if target is None:
        return {"target_type": "", "target_id": "", "target": ""}
    kind, key = audit_target(target)
    return {"target_type": kind, "target_id": text(key, 64), "target": text(str(target), 200)}


def _where(facts: RequestFacts) -> dict[str, str]:
    return {
        "address": text(facts.address, 64),
        "agent": text(facts.agent, 300),
        "via": text(facts.via, 64),
        "request_id": text(facts.request_id, 64),
    }


def _append(told: dict[str, Any]) -> int:
    installation, number, previous = _head_locked()
    told |= {"number": number + 1, "at": timezone.now()}
    made = entry_hash(previous, told)
    row_insert(AuditEntry, **told, previous_hash=previous, hash=made)
    row_update(AuditHead, 1, number=number + 1, hash=made, seal=head_seal(installation, number + 1, made))
    return number + 1


def _head_locked() -> tuple[uuid.UUID, int, str]:
    """The end of the trail, which nobody else can move before this transaction ends.

    SQLite's transactions begin IMMEDIATE, so there the only writer is already here.
    """
    lock = " FOR UPDATE" if connection.features.has_select_for_update else ""
    found = rows(_HEAD + lock, [])
    if not found:
        return _head_begin()
    installation, number, previous = found[0]
    return uuid.UUID(str(installation)), number, previous


def _head_begin() -> tuple[uuid.UUID, int, str]:
    """The first entry of an installation, or the first after somebody took the head away.

    Nothing may stop working for that, least of all the kill switch: the trail goes on from its last
    entry, and the new installation id tells audit_verify.
    """
    installation = uuid.uuid4()
    last = AuditEntry.objects.order_by("number").last()
    number, previous = (last.number, last.hash) if last else (0, genesis(installation))
    seal = head_seal(installation, number, previous)
    head = {"installation": installation, "number": number, "hash": previous, "seal": seal}
    AuditHead.objects.bulk_create([AuditHead(pk=1, **head)], ignore_conflicts=True)  # another may have been first
    if connection.features.has_select_for_update:
        return _head_locked()
    return installation, number, previous
