"""The trail: who did what to what, each entry bound to the one before by a hash. Written once, never changed."""

from __future__ import annotations

import json
from typing import Any, ClassVar, NoReturn

from django.db import models

from apps.domain.errors import RuleBroken


class Unchangeable(models.QuerySet["AuditEntry"]):
    """The database refuses too (see guard.py); this says it in words."""

    def update(self, **changes: Any) -> NoReturn:
        _refuse()

    def delete(self) -> NoReturn:
        _refuse()


class AuditEntry(models.Model):
    """One thing that happened. `number` counts from 1 without gaps.

    People and things are kept by key and by the name they then had, not by foreign key: the trail
    outlives them. `before` and `after` are JSON texts, kept as text because the hash is over their
    very characters and databases rewrite what they hold as JSON.
    """

    number = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField()
    actor_id = models.BigIntegerField(null=True, blank=True, help_text="Empty: the system itself, or nobody known.")
    actor = models.CharField(max_length=150)
    action = models.CharField(max_length=48, db_index=True)
    target_type = models.CharField(max_length=64, blank=True)
    target_id = models.CharField(max_length=64, blank=True)
    target = models.CharField(max_length=200, blank=True)
    before = models.TextField(blank=True)
    after = models.TextField(blank=True)
    address = models.CharField(max_length=64, blank=True)
    agent = models.CharField(max_length=300, blank=True)
    via = models.CharField(max_length=64, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    objects: ClassVar[models.Manager[AuditEntry]] = Unchangeable.as_manager()

    class Meta:
        ordering = ["-number"]
        verbose_name_plural = "audit entries"
        indexes = [
            models.Index(fields=["actor_id", "-number"], name="audit_by_actor"),
            models.Index(fields=["target_type", "target_id", "-number"], name="audit_by_target"),
        ]

    def __str__(self) -> str:
        return f"#{self.number} {self.action} by {self.actor}"

    def save(self, *args: Any, **kwargs: Any) -> NoReturn:
        _refuse()

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        _refuse()

    def told(self) -> dict[str, Any]:
        """Everything the hash is over but the hash before it."""
        return {name: getattr(self, name) for name in TOLD}

    @property
    def changes(self) -> list[tuple[str, Any, Any]]:
        """(name, before, after) of everything either side names."""
        before, after = (json.loads(text) if text else {} for text in (self.before, self.after))
        return [(name, before.get(name), after.get(name)) for name in sorted(before | after)]


TOLD = tuple(field.name for field in AuditEntry._meta.fields if field.name not in ("previous_hash", "hash"))


class AuditHead(models.Model):
    """Where the trail ends: one row, which is also the lock that keeps two entries from following the same one.

    `seal` is a keyed hash over the rest, so that nobody can move the end who has only the database.
    """

    installation = models.UUIDField()
    number = models.BigIntegerField(default=0)
    hash = models.CharField(max_length=64)
    seal = models.CharField(max_length=64)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(pk=1), name="audit_head_only_one")]

    def __str__(self) -> str:
        return f"#{self.number} {self.hash}"


def _refuse() -> NoReturn:
    raise RuleBroken("the audit trail is written by audit_record and never changed")
