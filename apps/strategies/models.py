"""Strategies that were set to run, where each stands, and every signal they gave."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from apps.accounts.models import AccountMode, BrokerAccount
from apps.common.fields import ExactDecimalField
from apps.common.models import Stamped
from apps.domain.messages import OrderType, Side
from apps.instruments.models import Instrument


class RunState(models.TextChoices):
    DRAFT = "draft", "Draft"
    RUNNING = "running", "Running"
    STOPPING = "stopping", "Stopping"
    STOPPED = "stopped", "Stopped"
    PARKED = "parked", "Parked"
    FAILED = "failed", "Failed"


class StrategyRun(Stamped):
    """One strategy with its parameters, set to run on one account over one or several instruments.

    `state` is what is wanted of it (running, stopping) or what became of it; the decide stage looks
    once a second. `version`: code hash and hash of all that shapes its decisions, stamped at each start.
    """

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="runs")
    account = models.ForeignKey(BrokerAccount, models.PROTECT, related_name="runs")
    name = models.CharField(max_length=80)
    strategy = models.CharField(max_length=64, help_text="Its key among the installed strategies.")
    params = models.JSONField(default=dict, blank=True)
    sizing = models.CharField(max_length=64, default="units:1", help_text="How much: units:2, cash:10000, equity:25.")
    instruments = models.ManyToManyField(Instrument, related_name="runs")
    timeframe = models.PositiveIntegerField(help_text="Seconds; 86400 is the trading day.")
    mode = models.CharField(max_length=8, choices=AccountMode, default=AccountMode.DRY_RUN)
    state = models.CharField(max_length=8, choices=RunState, default=RunState.DRAFT)
    reason = models.CharField(max_length=300, blank=True)
    version = models.CharField(max_length=64, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    stopped_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["owner", "name"], name="run_name_unique"),
            models.CheckConstraint(condition=models.Q(state__in=RunState.values), name="run_state_known"),
            models.CheckConstraint(condition=models.Q(mode__in=AccountMode.values), name="run_mode_known"),
        ]
        indexes = [models.Index(fields=["state"], name="run_by_state")]

    def __str__(self) -> str:
        return self.name


class LaneState(models.Model):
    """Where one lane stands: the run's strategy on one instrument, and the tape place it has answered for.

    Blob and place are saved in one transaction, so that a restart goes on from exactly there.
    """

    run = models.ForeignKey(StrategyRun, models.CASCADE, related_name="lanes")
    instrument = models.ForeignKey(Instrument, models.PROTECT, related_name="+")
    tape_at = models.BigIntegerField(help_text="Place on the instrument's tick tape.")
    state = models.BinaryField()
    saved_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "instrument"], name="lane_unique")]

    def __str__(self) -> str:
        return f"run {self.run_id} on {self.instrument_id} at {self.tape_at}"


class SignalRow(models.Model):
    """One signal, as given: written once, never changed."""

    run = models.ForeignKey(StrategyRun, models.PROTECT, related_name="signals")
    instrument = models.ForeignKey(Instrument, models.PROTECT, related_name="+")
    sequence = models.PositiveIntegerField(help_text="Counts the wishes of this run on this instrument from 1.")
    at = models.DateTimeField()
    tape_at = models.BigIntegerField(default=0)
    side = models.CharField(max_length=4, choices=[(side.value, side.name.title()) for side in Side])
    order_type = models.CharField(max_length=8, choices=[(kind.value, kind.name) for kind in OrderType])
    price = ExactDecimalField(help_text="What the strategy saw.")
    qty = ExactDecimalField(null=True, blank=True)
    exit = models.BooleanField(default=False)
    tag = models.CharField(max_length=64, blank=True)
    provisional = models.BooleanField(default=False, help_text="Given inside a candle that was still forming.")

    class Meta:
        verbose_name = "signal"
        ordering = ["-at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["run", "instrument", "sequence"], name="signal_unique")]
        indexes = [models.Index(fields=["run", "-at"], name="signal_by_run")]

    def __str__(self) -> str:
        return f"{self.side} {self.instrument_id} at {self.price} (run {self.run_id} #{self.sequence})"
