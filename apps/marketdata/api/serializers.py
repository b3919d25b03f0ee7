"""Candles as columns, quotes as rows, indicators as what a form needs."""

from __future__ import annotations

from datetime import UTC, datetime

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.api.fields import Key, MomentNs, Said, TimeframeField
from apps.domain.indicators.spec import Draw

MOST_CANDLES = 2000
MOST_INDICATORS = 12
_EPOCH, _FAR = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


class CandleQuery(Said):
    timeframe = TimeframeField(default=300)
    limit = serializers.IntegerField(default=500, min_value=1, max_value=MOST_CANDLES)
    before = serializers.DateTimeField(
        required=False, help_text="Only candles that start before it: `start` of the oldest one known gives the past."
    )
    indicator = serializers.ListField(
        child=serializers.CharField(max_length=60),
        required=False,
        max_length=MOST_INDICATORS,
        help_text="Their final values beside the candles, e.g. `ema(20)`; repeat it for more.",
    )

    def validate_before(self, at: datetime) -> datetime:
        if not _EPOCH <= at < _FAR:
            raise serializers.ValidationError("Write a time from 1970 to 2199.")
        return at


_NUMBERS = {"type": "array", "items": {"type": "number"}}
_VALUES = {"type": "array", "items": {"type": ["number", "null"]}}


@extend_schema_field(_NUMBERS)
class Numbers(serializers.Field):
    """A column of floats."""

    def to_representation(self, value: list[float]) -> list[float]:
        return value


@extend_schema_field({"type": "object", "additionalProperties": _VALUES})
class Columns(serializers.Field):
    """Name -> values, null while an indicator warms up."""

    def to_representation(self, value: dict[str, list[float]]) -> dict[str, list[float]]:
        return value


class CandlesOut(serializers.Serializer):
    """Column by column, oldest first; all columns have the same length. Times are ms since 1970 UTC."""

    instrument = serializers.IntegerField()
    timeframe = serializers.CharField()
    start_ms = serializers.ListField(child=serializers.IntegerField())
    open = Numbers()
    high = Numbers()
    low = Numbers()
    close = Numbers()
    volume = Numbers()
    indicators = Columns(help_text="Final values by label: `ema(20)`, `macd(12,26,9).signal`.")
    more = serializers.BooleanField(help_text="Older ones may be there.")


class QuoteQuery(Said):
    instrument = serializers.ListField(
        child=Key(), required=False, max_length=200, help_text="Only these; repeat it for more."
    )


class QuoteOut(serializers.Serializer):
    instrument = serializers.IntegerField()
    price = serializers.FloatField(help_text="The last trade, or the bid where the venue quotes.")
    bid = serializers.FloatField(allow_null=True)
    ask = serializers.FloatField(allow_null=True)
    event_at = MomentNs(source="event_ns", help_text="When it happened at the venue.")
    seen_at = MomentNs(source="seen_ns", help_text="When it reached this installation.")


class IndicatorParamOut(serializers.Serializer):
    name = serializers.CharField()
    default = serializers.FloatField()
    low = serializers.FloatField()
    high = serializers.FloatField()
    step = serializers.FloatField()
    help = serializers.CharField()


class IndicatorColumnOut(serializers.Serializer):
    name = serializers.CharField()
    draw = serializers.ChoiceField(choices=[each.value for each in Draw])


class IndicatorOut(serializers.Serializer):
    name = serializers.CharField()
    title = serializers.CharField()
    pane = serializers.ChoiceField(choices=["overlay", "own"])
    source = serializers.CharField(help_text="Where the formula comes from.")
    params = IndicatorParamOut(many=True)
    outputs = IndicatorColumnOut(many=True)
