"""What opens a door: keys, second factors, sessions, invitations; and how often somebody has knocked."""

from __future__ import annotations

from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models
from django.db.models import Q
from django.utils import timezone

from apps.accounts.models.people import Role, User
from apps.common.secrets import EncryptedTextField


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


class Authenticator(models.Model):
    """A person's authenticator app: the second factor, once `confirmed_at` is set."""

    user = models.OneToOneField(User, models.CASCADE, related_name="authenticator")
    secret = EncryptedTextField(editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    last_step = models.BigIntegerField(default=-1, editable=False, help_text="A code is good once: later steps only.")
    drift = models.SmallIntegerField(default=0, editable=False, help_text="Steps its clock is off.")

    def __str__(self) -> str:
        return f"authenticator of {self.user}"


class RecoveryCode(models.Model):
    """Opens the door once when the authenticator is lost. Only a keyed hash stays."""

    user = models.ForeignKey(User, models.CASCADE, related_name="recovery_codes")
    digest = models.CharField(max_length=64, editable=False)
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "digest"], name="recovery_code_unique")]

    def __str__(self) -> str:
        return f"recovery code of {self.user}"


class DeviceSession(AbstractBaseSession):
    """A session, and whose it is and from where: what the list of devices shows, and what revoking removes.

    `public_id` stands for it in pages: the key itself is the cookie, and nobody's business.
    """

    public_id = models.CharField(max_length=32, unique=True)
    user = models.ForeignKey(User, models.CASCADE, null=True, related_name="sessions")
    address = models.CharField(max_length=64, blank=True)
    agent = models.CharField(max_length=300, blank=True)
    began_at = models.DateTimeField(default=timezone.now)
    seen_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-seen_at"]
        verbose_name = "session"

    def __str__(self) -> str:
        return f"session {self.public_id[:8]}"

    @classmethod
    def get_session_store_class(cls) -> type:
        from apps.accounts.sessions import SessionStore

        return SessionStore


class Invitation(models.Model):
    """A way in for one e-mail address, by an admin's wish or by the person's own. Its link is signed, not stored."""

    email = models.EmailField()
    role = models.CharField(max_length=16, choices=Role)
    invited_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.email} as {self.role}"

    @property
    def is_open(self) -> bool:
        return self.used_at is None and self.withdrawn_at is None and self.expires_at > timezone.now()


class Attempts(models.Model):
    """How often something was tried in the current window; shared by all processes through the database.

    `account` is a keyed hash of the name that was typed, because people type passwords there.
    """

    rule = models.CharField(max_length=24)
    account = models.CharField(max_length=64, blank=True)
    address = models.CharField(max_length=64, blank=True)
    count = models.PositiveIntegerField()
    began_s = models.BigIntegerField(help_text="When the window began, seconds since 1970.")

    class Meta:
        verbose_name_plural = "attempts"
        constraints = [models.UniqueConstraint(fields=["rule", "account", "address"], name="attempts_unique")]

    def __str__(self) -> str:
        return f"{self.rule}: {self.count}"
