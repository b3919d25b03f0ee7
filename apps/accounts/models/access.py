"""What opens a door: API keys."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone

from apps.accounts.models.people import User


class ApiKey(models.Model):
    """Lets a program in as its owner, within its scopes. Shown once; only a keyed hash of it stays.

    The whole key reads `vx_<prefix>_<secret>`; the prefix may be seen by everybody.
    """

    owner = models.ForeignKey(User, models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=64)
    prefix = models.CharField(max_length=12, unique=True)
    digest = models.CharField(max_length=64, editable=False)
    scopes = models.JSONField(default=list)
    addresses = models.JSONField(default=list, blank=True, help_text="Networks it may be used from; empty: anywhere.")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    last_address = models.CharField(max_length=64, blank=True)

    class Meta:
        verbose_name = "API key"
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["owner", "name"], condition=Q(revoked_at=None), name="apikey_name_unique")
        ]

    def __str__(self) -> str:
        return f"{self.name} (vx_{self.prefix}_…)"

    @property
    def state(self) -> str:
        """active, expired or revoked."""
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if self.expires_at <= timezone.now() else "active"
