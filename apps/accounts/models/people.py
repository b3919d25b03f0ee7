"""Who signs in."""

from __future__ import annotations

import zoneinfo
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser, UserManager
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Lower


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
