"""What holds money, and who else may look at it."""

from __future__ import annotations

from decimal import Decimal

from django.db import models

from apps.accounts.models.people import User
from apps.common.models import Stamped


class AccountMode(models.TextChoices):
    DRY_RUN = "dry_run", "Dry run"
    LIVE = "live", "Live"


class BrokerKind(models.TextChoices):
    PAPER = "paper", "Paper venue"


class BrokerAccount(Stamped):
    """Holds money at a broker. Real orders need `mode` live, `live_enabled` and the installation's switch."""

    owner = models.ForeignKey(User, models.PROTECT, related_name="accounts")
    name = models.CharField(max_length=64)
    broker = models.CharField(max_length=16, choices=BrokerKind, default=BrokerKind.PAPER)
    currency = models.CharField(max_length=8, help_text="Its cash and its P&L are in this currency, e.g. USD.")
    mode = models.CharField(max_length=8, choices=AccountMode, default=AccountMode.DRY_RUN)
    live_enabled = models.BooleanField(default=False, help_text="This account's own switch for real orders.")
    # 15 digits: what SQLite keeps of a decimal.
    starting_cash = models.DecimalField(max_digits=15, decimal_places=6, default=Decimal(0))
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["owner_id", "name"]
        constraints = [
            models.UniqueConstraint(fields=["owner", "name"], name="account_name_unique"),
            models.CheckConstraint(condition=models.Q(starting_cash__gte=0), name="account_cash_not_negative"),
            models.CheckConstraint(condition=models.Q(mode__in=AccountMode.values), name="account_mode_known"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.currency})"


class Grant(models.Model):
    """Lets an investor read one account: its positions, P&L and statements, nothing else."""

    investor = models.ForeignKey(User, models.CASCADE, related_name="grants")
    account = models.ForeignKey(BrokerAccount, models.CASCADE, related_name="grants")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["investor", "account"], name="grant_unique")]

    def __str__(self) -> str:
        return f"{self.investor} may read {self.account}"
