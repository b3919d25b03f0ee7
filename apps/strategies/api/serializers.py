"""Strategies, their runs and signals on the wire."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.api.fields import Amount, Choice, Key, Said, TimeframeField
from apps.domain.messages import Side
from apps.domain.strategies import Param
from apps.strategies.models import RunState, SignalRow, StrategyRun

_VALUE = {"type": ["number", "string", "boolean"]}
_VALUES = {"type": "object", "additionalProperties": _VALUE}


@extend_schema_field(_VALUE)
class Value(serializers.Field):
    """A parameter's value in its own type."""

    def to_representation(self, value: Any) -> Any:
        return value


@extend_schema_field(_VALUES)
class Values(serializers.Field):
    """Parameter name -> value; the strategy itself checks type and range."""

    default_error_messages = {"shape": "Write an object of up to 50 parameters, each a number, text, true or false."}

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, dict) or len(data) > 50:
            self.fail("shape")
        for name, value in data.items():
            if isinstance(value, dict | list) or value is None or len(str(value)) > 200 or len(name) > 64:
                self.fail("shape")
        return data

    def to_representation(self, value: dict[str, Any]) -> dict[str, Any]:
        return value


class ParamOut(serializers.Serializer):
    name = serializers.CharField()
    type = serializers.SerializerMethodField()
    default = Value()
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    step = serializers.FloatField(allow_null=True)
    choices = serializers.ListField(child=serializers.CharField())
    help = serializers.CharField()

    @extend_schema_field({"type": "string", "enum": ["int", "float", "bool", "str"]})
    def get_type(self, param: Param) -> str:
        return param.kind.__name__


class StrategyOut(serializers.Serializer):
    key = serializers.CharField()
    title = serializers.CharField()
    default_timeframe = serializers.CharField()
    params = ParamOut(many=True)


class RunOut(serializers.ModelSerializer):
    owner = serializers.IntegerField(source="owner_id")
    account = serializers.IntegerField(source="account_id")
    params = Values()
    instruments = serializers.SerializerMethodField()
    timeframe = TimeframeField()

    class Meta:
        model = StrategyRun
        fields = [
            "id", "owner", "account", "name", "strategy", "params", "sizing", "instruments", "timeframe", "mode",
            "state", "reason", "version", "started_at", "stopped_at", "created_at", "updated_at",
        ]  # fmt: skip

    @extend_schema_field({"type": "array", "items": {"type": "integer"}})
    def get_instruments(self, run: StrategyRun) -> list[int]:
        return [instrument.number for instrument in run.instruments.all()]


class RunQuery(Said):
    account = Key(required=False)
    strategy = serializers.CharField(max_length=64, required=False)
    state = serializers.ChoiceField(choices=RunState.values, required=False)


class RunIn(Said):
    account = Key()
    name = serializers.CharField(max_length=80)
    strategy = serializers.CharField(max_length=64, help_text="Key of an installed strategy.")
    instruments = serializers.ListField(child=Key(), min_length=1, max_length=200)
    timeframe = TimeframeField()
    params = Values(required=False)
    sizing = serializers.CharField(max_length=64, default="units:1", help_text="units:2, cash:10000 or equity:25.")


class RunEdit(Said):
    name = serializers.CharField(max_length=80)
    params = Values()
    sizing = serializers.CharField(max_length=64)


class SignalOut(serializers.ModelSerializer):
    run = serializers.IntegerField(source="run_id")
    instrument = serializers.IntegerField(source="instrument_id")
    symbol = serializers.CharField(source="instrument.symbol")
    price = Amount()
    qty = Amount(allow_null=True)

    class Meta:
        model = SignalRow
        fields = [
            "id", "run", "instrument", "symbol", "sequence", "at", "side", "order_type", "price", "qty", "exit", "tag",
            "provisional",
        ]  # fmt: skip


class SignalQuery(Said):
    run = Key(required=False)
    instrument = Key(required=False)
    side = Choice(Side, required=False)
