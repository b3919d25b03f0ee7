"""Who may read the trail: an admin all of it, everybody else what they did themselves."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import QuerySet

from apps.audit.models import AuditEntry
from apps.audit.services import audit_target


def audit_list(*, actor: Any) -> QuerySet[AuditEntry]:
    """Newest first."""
    entries = AuditEntry.objects.all()
    if actor.is_admin:
        return entries
    return entries.filter(actor_id=actor.pk) if actor.is_active else entries.none()


def audit_of(*, actor: Any, target: models.Model) -> QuerySet[AuditEntry]:
    """What happened to one thing, newest first."""
    kind, key = audit_target(target)
    return audit_list(actor=actor).filter(target_type=kind, target_id=key)
