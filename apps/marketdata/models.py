"""Closed candles and the holes in what we heard. Keys are planned so that the table can become a hypertable."""

from __future__ import annotations

from django.db import models

from apps.instruments.models import Instrument


class StoredCandle(models.Model):
    """One closed candle [start_at, end_at). Floats: patterns are sought here, no money changes hands.

    Its identity is (instrument, timeframe, start_at): a hypertable keeps that constraint, which
    holds the time, and drops the row number's. Nothing may point at a candle by its row number.
    """

    instrument = models.ForeignKey(Instrument, models.PROTECT, related_name="+", db_index=False)
    timeframe = models.PositiveIntegerField(help_text="Seconds; 86400 is the trading day.")
    start_at = models.DateTimeField()
    end_at = models.DateTimeField()
    session_at = models.DateTimeField(help_text="Opening of the trading session it belongs to.")
    open = models.FloatField()
    high = models.FloatField()
    low = models.FloatField()
    close = models.FloatField()
    volume = models.FloatField()
    ticks = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = "candle"
        constraints = [
            models.UniqueConstraint(fields=["instrument", "timeframe", "start_at"], name="candle_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.instrument_id} {self.timeframe}s {self.start_at:%Y-%m-%d %H:%M}"


class GapLog(models.Model):
    """A stretch in which a feed said nothing or said it wrongly."""

    feed = models.CharField(max_length=32)
    instrument = models.ForeignKey(Instrument, models.CASCADE, null=True, blank=True, related_name="+")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=200)
    rows_lost = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = "gap"
        ordering = ["-started_at"]
        indexes = [models.Index(fields=["instrument", "started_at"], name="gap_by_instrument")]

    def __str__(self) -> str:
        return f"{self.feed} from {self.started_at:%Y-%m-%d %H:%M:%S}: {self.reason}"
