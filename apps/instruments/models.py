"""What can be traded, where, and who watches it."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from django.conf import settings
from django.db import models

from apps.accounts.models import zone_validate
from apps.common.models import Stamped
from apps.domain import messages
from apps.domain.sessions import CRYPTO

ALWAYS_OPEN: Final = CRYPTO.name


class Venue(models.Model):
    """An exchange or a quoting venue. `calendar`: the name of its trading calendar in the domain."""

    code = models.CharField(max_length=16, unique=True)
    name = models.CharField(max_length=64)
    zone = models.CharField(max_length=64, validators=[zone_validate], help_text="Its local time, e.g. Asia/Kolkata.")
    calendar = models.CharField(max_length=32)

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.code


class Kind(models.TextChoices):
    EQUITY = "equity", "Equity"
    INDEX = "index", "Index"
    FX = "fx", "Currency pair"
    CFD = "cfd", "CFD"
    CRYPTO = "crypto", "Crypto"
    FUTURE = "future", "Future"
    OPTION = "option", "Option"


class Instrument(Stamped):
    """One thing that can be traded. Its key is the number that stands for it on the tick tape, for ever."""

    number = models.PositiveIntegerField(primary_key=True)
    symbol = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=128)
    kind = models.CharField(max_length=16, choices=Kind)
    venue = models.ForeignKey(Venue, models.PROTECT, related_name="instruments")
    calendar = models.CharField(max_length=32, help_text="Trading calendar; usually its venue's.")
    currency = models.CharField(max_length=8, help_text="What its price is quoted in.")
    # Steps have at most 15 digits: what SQLite keeps of a decimal.
    tick_size = models.DecimalField(max_digits=15, decimal_places=10, help_text="Step of price.")
    lot_size = models.DecimalField(max_digits=15, decimal_places=8, default=Decimal(1), help_text="Step of quantity.")
    multiplier = models.DecimalField(
        max_digits=15, decimal_places=8, default=Decimal(1), help_text="Money per point of price per unit."
    )
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["symbol"]
        constraints = [
            models.CheckConstraint(condition=models.Q(number__gt=0), name="instrument_number_positive"),
            models.CheckConstraint(
                condition=models.Q(tick_size__gt=0, lot_size__gt=0, multiplier__gt=0), name="instrument_steps_positive"
            ),
        ]

    def __str__(self) -> str:
        return self.symbol

    @property
    def hours(self) -> str:
        """The calendar in force: around the clock while a synthetic market is told to be open always."""
        return ALWAYS_OPEN if settings.MARKET_ALWAYS_OPEN else self.calendar

    def to_domain(self) -> messages.Instrument:
        return messages.Instrument(
            number=self.number,
            symbol=self.symbol,
            calendar=self.hours,
            currency=self.currency,
            tick_size=self.tick_size.normalize(),
            lot_size=self.lot_size.normalize(),
            multiplier=self.multiplier.normalize(),
        )


class Alias(models.Model):
    """What one feed or broker calls an instrument."""

    instrument = models.ForeignKey(Instrument, models.CASCADE, related_name="aliases")
    feed = models.CharField(max_length=32)
    symbol = models.CharField(max_length=64)

    class Meta:
        verbose_name_plural = "aliases"
        constraints = [
            models.UniqueConstraint(fields=["feed", "symbol"], name="alias_symbol_unique"),
            models.UniqueConstraint(fields=["feed", "instrument"], name="alias_instrument_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.feed}: {self.symbol}"


class Watchlist(Stamped):
    """A user's list of instruments, in the user's order."""

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="watchlists")
    name = models.CharField(max_length=64, default="Watchlist")

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["owner", "name"], name="watchlist_name_unique")]

    def __str__(self) -> str:
        return f"{self.name} of {self.owner}"


class WatchlistEntry(models.Model):
    watchlist = models.ForeignKey(Watchlist, models.CASCADE, related_name="entries")
    instrument = models.ForeignKey(Instrument, models.CASCADE, related_name="+")
    position = models.PositiveIntegerField()

    class Meta:
        ordering = ["position", "pk"]
        verbose_name_plural = "watchlist entries"
        constraints = [models.UniqueConstraint(fields=["watchlist", "instrument"], name="watchlist_entry_unique")]

    def __str__(self) -> str:
        return f"{self.position}. {self.instrument}"
