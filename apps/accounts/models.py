"""Who signs in, and what holds money."""

from __future__ import annotations

import zoneinfo
from decimal import Decimal
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser, UserManager
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Lower

from apps.common.models import Stamped


def zone_validate(name: str) -> None:
    if name not in zoneinfo.available_timezones():
        raise ValidationError(f"{name} is not a time zone; write one such as Asia/Kolkata")


class Role(models.TextChoices):
    ADMIN = "admin", "Admin"
    TRADER = "trader", "Trader"
    INVESTOR = "investor", "Investor"


class Theme(models.TextChoices):
    SYSTEM = "system", "As the device"
    LIGHT = "light", "Light"
    DARK = "dark", "Dark"


class People(UserManager["User"]):
    def create_superuser(self, *args: Any, **fields: Any) -> User:
        return super().create_superuser(*args, **({"role": Role.ADMIN} | fields))


class User(AbstractUser):
    """A person who signs in. A new one may look and touch nothing until given a role or a grant."""

    email = models.EmailField("e-mail address")
    role = models.CharField(max_length=16, choices=Role, default=Role.INVESTOR)
    time_zone = models.CharField(max_length=64, default="UTC", validators=[zone_validate])
    theme = models.CharField(max_length=8, choices=Theme, default=Theme.SYSTEM)

    objects: ClassVar[People] = People()

    class Meta(AbstractUser.Meta):
        constraints = [
            models.UniqueConstraint(
                Lower("email"), name="user_email_unique", violation_error_message="This e-mail address is taken."
            )
        ]

    @property
    def is_admin(self) -> bool:
        """Sees everybody's things."""
        return self.is_active and (self.role == Role.ADMIN or self.is_superuser)

    @property
    def may_trade(self) -> bool:
        return self.is_active and (self.role == Role.TRADER or self.is_admin)


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
