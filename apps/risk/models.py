"""Limits and trading states by scope, and every decision of the risk door with the numbers it saw."""

from __future__ import annotations

from dataclasses import fields

from django.conf import settings
from django.db import models

from apps.accounts.models import BrokerAccount
from apps.common.fields import ExactDecimalField
from apps.common.models import Stamped
from apps.domain.risk import RiskLimits, TradingState


class Scope(models.TextChoices):
    INSTALLATION = "installation", "Installation"
    USER = "user", "User"
    ACCOUNT = "account", "Account"
    RUN = "run", "Strategy run"
    INSTRUMENT = "instrument", "Instrument"


class RiskLimit(Stamped):
    """Limits of one scope; an empty field says nothing. Of all scopes an order touches the strictest wins."""

    scope = models.CharField(max_length=16, choices=Scope)
    scope_id = models.BigIntegerField(default=0, help_text="Key of the user, account, run or instrument; else 0.")
    max_order_qty = ExactDecimalField(null=True, blank=True)
    max_order_notional = ExactDecimalField(null=True, blank=True)
    max_position_qty = ExactDecimalField(null=True, blank=True)
    max_position_notional = ExactDecimalField(null=True, blank=True)
    max_daily_loss = ExactDecimalField(null=True, blank=True, help_text="Realised and unrealised.")
    max_daily_loss_pct = ExactDecimalField(null=True, blank=True, help_text="Of the equity the day began with.")
    max_orders_per_s = models.PositiveIntegerField(null=True, blank=True, help_text="Per account and exchange.")
    max_tick_age_s = ExactDecimalField(null=True, blank=True)
    max_open_orders = models.PositiveIntegerField(null=True, blank=True)
    duplicate_window_s = ExactDecimalField(null=True, blank=True)
    trading_hours_only = models.BooleanField(null=True, blank=True)

    class Meta:
        ordering = ["scope", "scope_id"]
        constraints = [models.UniqueConstraint(fields=["scope", "scope_id"], name="risk_limit_unique")]

    def __str__(self) -> str:
        return f"limits of {self.scope} {self.scope_id or ''}".strip()

    def to_domain(self) -> RiskLimits:
        return RiskLimits(**{field.name: getattr(self, field.name) for field in fields(RiskLimits)})


class KillSwitch(Stamped):
    """Trading state of one scope as it stands. A scope without a row is trading."""

    scope = models.CharField(max_length=16, choices=Scope)
    scope_id = models.BigIntegerField(default=0)
    state = models.CharField(max_length=16, choices=[(s.value, s.value.replace("_", " ")) for s in TradingState])
    reason = models.CharField(max_length=300, blank=True)
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    pulls = models.PositiveIntegerField(default=0, help_text="How often it was pulled.")

    class Meta:
        verbose_name_plural = "kill switches"
        ordering = ["scope", "scope_id"]
        constraints = [models.UniqueConstraint(fields=["scope", "scope_id"], name="kill_switch_unique")]

    def __str__(self) -> str:
        return f"{self.scope} {self.scope_id or ''}".strip() + f": {self.state}"


class KillSwitchEvent(models.Model):
    """Who changed a trading state, when and why. Append-only."""

    switch = models.ForeignKey(KillSwitch, models.PROTECT, related_name="events")
    state = models.CharField(max_length=16)
    reason = models.CharField(max_length=300, blank=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.switch_id} {self.state} by {self.actor_id}"


class RiskDecision(models.Model):
    """One answer of the door, append-only. `numbers`: [rule, limit, seen] of every rule, also of those that passed.

    It comes once per client order id, so a wish that is repeated finds its first answer.
    """

    client_order_id = models.CharField(max_length=64, unique=True)
    account = models.ForeignKey(BrokerAccount, models.PROTECT, related_name="decisions", db_index=False)
    allowed = models.BooleanField()
    code = models.CharField(max_length=32)
    reason = models.CharField(max_length=300, blank=True)
    numbers = models.JSONField(default=list)
    flatten = models.BooleanField(default=False, help_text="Sent by the kill switch.")
    at_ns = models.BigIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["account", "-at_ns"], name="decision_by_account")]

    def __str__(self) -> str:
        return f"{self.client_order_id}: {self.code}"
