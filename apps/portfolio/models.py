"""What an account holds and why: positions, cash, the double-entry ledger, equity over time."""

from __future__ import annotations

from decimal import Decimal

from django.db import models

from apps.accounts.models import BrokerAccount
from apps.common.fields import ExactDecimalField
from apps.domain import positions
from apps.domain.ledger import Account
from apps.instruments.models import Instrument


class Position(models.Model):
    """Net holding of one account in one instrument; flat ones stay, with what they realised."""

    account = models.ForeignKey(BrokerAccount, models.PROTECT, related_name="positions", db_index=False)
    instrument = models.ForeignKey(Instrument, models.PROTECT, related_name="+")
    qty = ExactDecimalField(default=Decimal(0), help_text="Negative when short.")
    cost = ExactDecimalField(default=Decimal(0), help_text="What the open part was bought (sold) for.")
    realised = ExactDecimalField(default=Decimal(0), help_text="Closed profit before fees.")
    fees = ExactDecimalField(default=Decimal(0))
    mark = ExactDecimalField(default=Decimal(0), help_text="Price of its last fill.")
    fill_id = models.CharField(max_length=80, blank=True, help_text="The fill that changed it last.")
    changed_ns = models.BigIntegerField(default=0)

    class Meta:
        ordering = ["account_id", "instrument_id"]
        constraints = [models.UniqueConstraint(fields=["account", "instrument"], name="position_unique")]

    def __str__(self) -> str:
        return f"{self.qty} of {self.instrument_id} in {self.account_id}"

    def to_domain(self) -> positions.Position:
        return positions.Position(self.qty, self.cost, self.realised, self.fees)


class Cash(models.Model):
    """Balance of one currency: the sum of the ledger's cash lines, kept so that nobody has to add them up."""

    account = models.ForeignKey(BrokerAccount, models.PROTECT, related_name="cash", db_index=False)
    currency = models.CharField(max_length=8)
    amount = ExactDecimalField()

    class Meta:
        verbose_name_plural = "cash"
        constraints = [models.UniqueConstraint(fields=["account", "currency"], name="cash_unique")]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency} in {self.account_id}"


class LedgerEntry(models.Model):
    """One line of a movement, append-only; the lines of one `ref` add up to zero in each currency."""

    account = models.ForeignKey(BrokerAccount, models.PROTECT, related_name="ledger", db_index=False)
    ref = models.CharField(max_length=96)
    line = models.PositiveSmallIntegerField()
    ledger_account = models.CharField(max_length=16, choices=[(each.value, each.value.title()) for each in Account])
    currency = models.CharField(max_length=8)
    amount = ExactDecimalField(help_text="Positive is a debit: we have more of it.")
    instrument = models.ForeignKey(Instrument, models.PROTECT, null=True, blank=True, related_name="+")
    at_ns = models.BigIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name_plural = "ledger entries"
        ordering = ["-pk"]
        indexes = [models.Index(fields=["account", "id"], name="ledger_by_account")]
        constraints = [models.UniqueConstraint(fields=["account", "ref", "line"], name="ledger_line_unique")]

    def __str__(self) -> str:
        return f"{self.ref} {self.ledger_account} {self.amount} {self.currency}"


class DayStart(models.Model):
    """Equity an account had when a trading day began for it; the day's P&L and its loss limit count from here."""

    account = models.ForeignKey(BrokerAccount, models.PROTECT, related_name="day_starts", db_index=False)
    day = models.DateField(help_text="Trading day of the instrument's calendar.")
    equity = ExactDecimalField()

    class Meta:
        ordering = ["-day"]
        constraints = [models.UniqueConstraint(fields=["account", "day"], name="day_start_unique")]

    def __str__(self) -> str:
        return f"{self.account_id} on {self.day}: {self.equity}"


class EquitySnapshot(models.Model):
    """One point of an account's equity curve, in its currency. `at` is venue time."""

    account = models.ForeignKey(BrokerAccount, models.PROTECT, related_name="snapshots", db_index=False)
    at = models.DateTimeField()
    equity = ExactDecimalField()
    cash = ExactDecimalField()
    unrealised = ExactDecimalField()
    realised = ExactDecimalField()
    fees = ExactDecimalField()

    class Meta:
        ordering = ["at"]
        constraints = [models.UniqueConstraint(fields=["account", "at"], name="snapshot_unique")]

    def __str__(self) -> str:
        return f"{self.account_id} at {self.at:%Y-%m-%d %H:%M:%S}: {self.equity}"


class FxRate(models.Model):
    """What one unit of `currency` is worth in `into`. Totals over currencies are made with these."""

    currency = models.CharField(max_length=8)
    into = models.CharField(max_length=8)
    rate = ExactDecimalField()
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = "exchange rate"
        ordering = ["into", "currency"]
        constraints = [models.UniqueConstraint(fields=["currency", "into"], name="fx_rate_unique")]

    def __str__(self) -> str:
        return f"1 {self.currency} = {self.rate} {self.into}"
