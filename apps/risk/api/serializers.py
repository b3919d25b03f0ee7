"""Limits, switches and decisions on the wire."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.api.fields import Amount, Key, MomentNs, NotNegativeIn, Said
from apps.risk.models import KillSwitch, RiskDecision, RiskLimit

MOST = 1_000_000


class LimitsOut(serializers.ModelSerializer):
    """Limits of one scope; null says nothing. Of all scopes an order touches the strictest wins."""

    max_order_qty = Amount(allow_null=True)
    max_order_notional = Amount(allow_null=True)
    max_position_qty = Amount(allow_null=True)
    max_position_notional = Amount(allow_null=True)
    max_daily_loss = Amount(allow_null=True)
    max_daily_loss_pct = Amount(allow_null=True)
    max_tick_age_s = Amount(allow_null=True)
    duplicate_window_s = Amount(allow_null=True)
    updated_at = serializers.DateTimeField(read_only=True, allow_null=True)

    class Meta:
        model = RiskLimit
        fields = [
            "scope", "scope_id", "max_order_qty", "max_order_notional", "max_position_qty", "max_position_notional",
            "max_daily_loss", "max_daily_loss_pct", "max_tick_age_s", "duplicate_window_s", "max_orders_per_s",
            "max_open_orders", "trading_hours_only", "updated_at",
        ]  # fmt: skip


class LimitsIn(Said):
    """The limits to change; null takes one away. Money in the account's currency, quantities in units."""

    max_order_qty = NotNegativeIn(allow_null=True)
    max_order_notional = NotNegativeIn(allow_null=True)
    max_position_qty = NotNegativeIn(allow_null=True)
    max_position_notional = NotNegativeIn(allow_null=True)
    max_daily_loss = NotNegativeIn(allow_null=True, help_text="Realised and unrealised.")
    max_daily_loss_pct = NotNegativeIn(allow_null=True, help_text="Of the equity the day began with.")
    max_tick_age_s = NotNegativeIn(allow_null=True)
    duplicate_window_s = NotNegativeIn(allow_null=True)
    max_orders_per_s = serializers.IntegerField(allow_null=True, min_value=0, max_value=MOST)
    max_open_orders = serializers.IntegerField(allow_null=True, min_value=0, max_value=MOST)
    trading_hours_only = serializers.BooleanField(allow_null=True)


class SwitchOut(serializers.ModelSerializer):
    changed_by = serializers.CharField(source="changed_by.username")

    class Meta:
        model = KillSwitch
        fields = ["id", "scope", "scope_id", "state", "reason", "changed_by", "pulls", "updated_at"]


@extend_schema_field({"type": "array", "items": {"type": "array", "items": {}, "minItems": 3, "maxItems": 3}})
class Seen(serializers.Field):
    """[rule, limit, seen] of every rule the door looked at."""

    def to_representation(self, value: list[Any]) -> list[Any]:
        return value


class DecisionOut(serializers.ModelSerializer):
    account = serializers.IntegerField(source="account_id")
    numbers = Seen()
    at = MomentNs(source="at_ns", help_text="Venue time.")

    class Meta:
        model = RiskDecision
        fields = ["id", "client_order_id", "account", "allowed", "code", "reason", "numbers", "flatten", "at"]


class DecisionQuery(Said):
    account = Key(required=False)
    allowed = serializers.BooleanField(required=False)
    code = serializers.CharField(max_length=32, required=False)
