"""Who signs in."""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, Final

from django.contrib.auth.models import AbstractUser, UserManager
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models.functions import Lower

from apps.domain.errors import RuleBroken


def zone_validate(name: str) -> None:
    if name not in zoneinfo.available_timezones():
        raise ValidationError(f"{name} is not a time zone; write one such as Asia/Kolkata")


class Role(models.TextChoices):
    ADMIN = "admin", "Admin"
    TRADER = "trader", "Trader"
    INVESTOR = "investor", "Investor"


_ADMIN_MADE_OF: Final = frozenset({"role", "is_superuser", "is_active"})


class Theme(models.TextChoices):
    SYSTEM = "system", "As the device"
    LIGHT = "light", "Light"
    DARK = "dark", "Dark"


class PeopleQuerySet(models.QuerySet["User"]):
    def admins(self) -> PeopleQuerySet:
        """Those who are admins now."""
        return self.filter(models.Q(role=Role.ADMIN) | models.Q(is_superuser=True), is_active=True)

    def update(self, **changes: Any) -> int:
        if _ADMIN_MADE_OF.isdisjoint(changes):
            return super().update(**changes)
        with admin_kept():
            return super().update(**changes)

    def delete(self) -> tuple[int, dict[str, int]]:
        with admin_kept():
            return super().delete()


@contextmanager
def admin_kept() -> Iterator[None]:
    """What happens inside is undone if no active admin were left. Raises RuleBroken.

    The admins' rows are locked first, so that two of them cannot demote each other at the same moment.
    """
    with transaction.atomic():
        had_one = list(User.objects.admins().select_for_update().order_by("pk").values_list("pk"))
        yield
        if had_one and not User.objects.admins().exists():
            raise RuleBroken("this is the last active admin: make somebody else an admin first")


class People(UserManager["User"].from_queryset(PeopleQuerySet)):  # type: ignore[misc]
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

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Raises RuleBroken when it would leave nobody to administrate."""
        fields = kwargs.get("update_fields")
        if self._state.adding or (fields is not None and _ADMIN_MADE_OF.isdisjoint(fields)):
            super().save(*args, **kwargs)
            return
        with admin_kept():
            super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        with admin_kept():
            return super().delete(*args, **kwargs)

    @property
    def is_admin(self) -> bool:
        """Sees everybody's things."""
        return self.is_active and (self.role == Role.ADMIN or self.is_superuser)

    @property
    def may_trade(self) -> bool:
        return self.is_active and (self.role == Role.TRADER or self.is_admin)
