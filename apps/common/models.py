"""Base models, and the outbox through which every message leaves together with what it tells of."""

from __future__ import annotations

from django.db import models


class Stamped(models.Model):
    """A row that knows when it was made and last changed (aware UTC)."""

    created_at = models.DateTimeField(auto_now_add=True, editable=False)
    updated_at = models.DateTimeField(auto_now=True, editable=False)

    class Meta:
        abstract = True


class Outbox(models.Model):
    """One message that waits to be published. Written in the transaction of the change it tells of."""

    topic = models.CharField(max_length=64)
    key = models.BigIntegerField()
    payload = models.BinaryField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]
        verbose_name_plural = "outbox"

    def __str__(self) -> str:
        return f"{self.topic} #{self.pk} for {self.key}"
