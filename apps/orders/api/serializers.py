"""Orders, their steps and fills on the wire."""

from __future__ import annotations

from rest_framework import serializers

from apps.api.fields import Amount, Choice, Key, MomentNs, PositiveIn, Said
from apps.domain.messages import OrderType, Side, Validity
from apps.domain.orders import OrderStatus
from apps.orders.models import Fill, Order, OrderEvent


class OrderOut(serializers.ModelSerializer):
    account = serializers.IntegerField(source="account_id")
    run = serializers.IntegerField(source="run_id", allow_null=True)
    instrument = serializers.IntegerField(source="instrument_id")
    symbol = serializers.CharField(source="instrument.symbol")
    qty = Amount()
    filled_qty = Amount()
    avg_price = Amount(allow_null=True, help_text="Of its fills; null before the first.")
    limit_price = Amount(allow_null=True)
    trigger_price = Amount(allow_null=True)
    decided_at = MomentNs(source="decided_ns", help_text="Venue time.")

    class Meta:
        model = Order
        fields = [
            "id", "client_order_id", "account", "run", "instrument", "symbol", "side", "order_type", "qty",
            "filled_qty", "avg_price", "limit_price", "trigger_price", "validity", "mode", "exit", "status",
            "is_working", "reason", "tag", "decided_at", "created_at", "updated_at",
        ]  # fmt: skip


class OrderQuery(Said):
    account = Key(required=False)
    instrument = Key(required=False)
    run = Key(required=False)
    status = Choice(OrderStatus, required=False)
    side = Choice(Side, required=False)
    working = serializers.BooleanField(required=False, help_text="true: has not ended; false: has.")
    client_order_id = serializers.CharField(max_length=64, required=False)


class OrderIn(Said):
    account = Key()
    instrument = Key(help_text="Its number.")
    side = Choice(Side)
    qty = PositiveIn(help_text="A whole number of lots.")
    order_type = Choice(OrderType, default=OrderType.MARKET)
    limit_price = PositiveIn(required=False, allow_null=True, help_text="For limit and sl.")
    trigger_price = PositiveIn(required=False, allow_null=True, help_text="For sl and sl_m.")
    validity = Choice(Validity, default=Validity.DAY)
    exit = serializers.BooleanField(default=False, help_text="May only reduce the position.")


class StepOut(serializers.ModelSerializer):
    qty = Amount()
    price = Amount()
    at = MomentNs(source="at_ns", help_text="Venue time.")

    class Meta:
        model = OrderEvent
        fields = ["seq", "event", "at", "qty", "price", "code", "reason"]


class FillOut(serializers.ModelSerializer):
    order = serializers.IntegerField(source="order_id")
    client_order_id = serializers.CharField(source="order.client_order_id")
    account = serializers.IntegerField(source="account_id")
    run = serializers.IntegerField(source="run_id", allow_null=True)
    instrument = serializers.IntegerField(source="instrument_id")
    symbol = serializers.CharField(source="instrument.symbol")
    qty = Amount()
    price = Amount()
    fee = Amount()
    realised = Amount(help_text="Profit this fill closed, before fees.")
    at = MomentNs(source="at_ns", help_text="Venue time.")

    class Meta:
        model = Fill
        fields = [
            "id", "fill_id", "order", "client_order_id", "account", "run", "instrument", "symbol", "side", "qty",
            "price", "fee", "currency", "realised", "maker", "at",
        ]  # fmt: skip


class FillQuery(Said):
    account = Key(required=False)
    instrument = Key(required=False)
    run = Key(required=False)
    order = Key(required=False)
    side = Choice(Side, required=False)
