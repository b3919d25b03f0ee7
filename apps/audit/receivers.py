"""What the back office changes goes into the trail, whichever app it is about."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import admin
from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.db.models.signals import post_save

from apps.audit.admin import AuditedAdmin
from apps.audit.services import audit_record

_ACTIONS: Final = {ADDITION: "admin.added", CHANGE: "admin.changed", DELETION: "admin.deleted"}


def connect() -> None:
    post_save.connect(_log_entry_saved, sender=LogEntry, dispatch_uid="velox.audit.admin")


def _log_entry_saved(instance: LogEntry, created: bool, **_: Any) -> None:
    model = instance.content_type.model_class() if instance.content_type else None
    if not created or isinstance(admin.site._registry.get(model), AuditedAdmin):
        return  # an AuditedAdmin has told it itself, with values
    audit_record(
        action=_ACTIONS[instance.action_flag],
        actor=instance.user,
        target=instance.get_edited_object() if model and instance.action_flag != DELETION else None,
        after={"thing": f"{instance.content_type}: {instance.object_repr}", "said": instance.get_change_message()},
    )
