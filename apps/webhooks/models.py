"""Doors for senders that can only post to an address, and everything that ever came through them."""

from __future__ import annotations

import secrets
from typing import Any, ClassVar, NoReturn

from django.conf import settings
from django.db import models
from django.utils import timezone

from apps.accounts.models import BrokerAccount
from apps.common.models import Stamped
from apps.common.secrets import EncryptedTextField
from apps.domain.errors import RuleBroken
from apps.instruments.models import Instrument
from apps.risk.models import RiskDecision


def public_id_new() -> str:
    return secrets.token_hex(6)


class Webhook(Stamped):
    """One sender's address for one account: what comes through trades as the account's owner.

    The address reads `/hooks/<public id>/<secret>`; of the secret only a keyed hash stays. The signing
    key is needed back to check a signature, so it is encrypted.
    """

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="webhooks")
    account = models.ForeignKey(BrokerAccount, models.PROTECT, related_name="webhooks")
    name = models.CharField(max_length=64, help_text="The strategy that speaks through it.")
    instrument = models.ForeignKey(
        Instrument, models.PROTECT, null=True, blank=True, related_name="+",
        help_text="The only one it may trade; empty: whichever the sender names.",
    )  # fmt: skip
    public_id = models.CharField(max_length=16, unique=True, default=public_id_new, editable=False)
    digest = models.CharField(max_length=64, editable=False)
    signing_key = EncryptedTextField(editable=False)
    signed_only = models.BooleanField(default=False, help_text="Refuse what carries no signature.")
    addresses = models.JSONField(default=list, blank=True, help_text="Networks it may be used from; empty: anywhere.")
    per_minute = models.PositiveIntegerField(default=60)
    is_active = models.BooleanField(default=True)
    rotated_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["owner", "name"], name="webhook_name_unique"),
            models.CheckConstraint(condition=models.Q(per_minute__range=(1, 600)), name="webhook_rate_sane"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.public_id})"


class Verdict(models.TextChoices):
    """What became of a delivery."""

    PLACED = "placed", "Placed"
    REPEATED = "repeated", "Repeated"
    REFUSED = "refused", "Refused by risk"
    INVALID = "invalid", "Not understood"
    UNSIGNED = "unsigned", "Signature wrong"
    THROTTLED = "throttled", "Too often"
    FAILED = "failed", "Failed"


class OnceWritten(models.QuerySet["WebhookDelivery"]):
    def update(self, **changes: Any) -> NoReturn:
        _refuse()

    def delete(self) -> NoReturn:
        _refuse()


class WebhookDelivery(models.Model):
    """One body that came with the right secret, and what was done about it. Written once, never changed.

    `key` is the ticket's: the same wish has the same key however often it comes. `code` and `error` are
    the problem's the sender was told.
    """

    hook = models.ForeignKey(Webhook, models.PROTECT, related_name="deliveries", db_index=False)
    received_at = models.DateTimeField(default=timezone.now)
    address = models.CharField(max_length=64, blank=True)
    headers = models.JSONField(default=dict, blank=True)
    body = models.TextField(blank=True)
    body_hash = models.CharField(max_length=64, blank=True)
    key = models.CharField(max_length=40, blank=True)
    verdict = models.CharField(max_length=10, choices=Verdict)
    status = models.PositiveSmallIntegerField(help_text="HTTP status of the answer.")
    code = models.CharField(max_length=40, blank=True)
    error = models.CharField(max_length=500, blank=True)
    decision = models.ForeignKey(RiskDecision, models.PROTECT, null=True, related_name="deliveries")
    replay_of = models.ForeignKey("self", models.PROTECT, null=True, related_name="replays")

    objects: ClassVar[models.Manager[WebhookDelivery]] = OnceWritten.as_manager()

    class Meta:
        verbose_name_plural = "webhook deliveries"
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["hook", "-id"], name="delivery_by_hook"),
            models.Index(fields=["hook", "key"], name="delivery_by_key"),
        ]
        constraints = [models.CheckConstraint(condition=models.Q(verdict__in=Verdict.values), name="verdict_known")]

    def __str__(self) -> str:
        return f"delivery {self.pk} to {self.hook_id}: {self.verdict}"

    @property
    def may_replay(self) -> bool:
        """What was never proven to be the sender's is not sent again, nor what can only fail again."""
        return self.verdict not in (Verdict.UNSIGNED, Verdict.INVALID)

    def save(self, *args: Any, **named: Any) -> None:
        if self.pk is not None:
            _refuse()
        super().save(*args, **named)

    def delete(self, *args: Any, **named: Any) -> NoReturn:
        _refuse()


def _refuse() -> NoReturn:
    raise RuleBroken("the log of deliveries is written once and never changed")
