"""What accounts hold and are worth, on the wire. Money as text, in the currency named beside it."""

from __future__ import annotations

from rest_framework import serializers

from apps.api.fields import Amount, Choice, Key, MomentNs, Said
from apps.domain.ledger import Account
from apps.portfolio.models import EquitySnapshot, LedgerEntry, Position


class PositionOut(serializers.ModelSerializer):
    account = serializers.IntegerField(source="account_id")
    instrument = serializers.IntegerField(source="instrument_id")
    symbol = serializers.CharField(source="instrument.symbol")
    currency = serializers.CharField(source="instrument.currency")
    qty = Amount(help_text="Negative when short.")
    cost = Amount(help_text="What the open part was bought (sold) for.")
    realised = Amount(help_text="Closed profit before fees.")
    fees = Amount()
    mark = Amount(help_text="Price of its last fill.")
    changed_at = MomentNs(source="changed_ns")

    class Meta:
        model = Position
        fields = [
            "id", "account", "instrument", "symbol", "currency", "qty", "cost", "realised", "fees", "mark",
            "changed_at",
        ]  # fmt: skip


class PositionQuery(Said):
    account = Key(required=False)
    open = serializers.BooleanField(default=True, help_text="false: also those that are flat.")


class LedgerOut(serializers.ModelSerializer):
    account = serializers.IntegerField(source="account_id")
    instrument = serializers.IntegerField(source="instrument_id", allow_null=True)
    amount = Amount(help_text="Positive is a debit. The lines of one `ref` add up to zero in each currency.")
    at = MomentNs(source="at_ns")

    class Meta:
        model = LedgerEntry
        fields = ["id", "account", "ref", "line", "ledger_account", "currency", "amount", "instrument", "at"]


class LedgerQuery(Said):
    currency = serializers.CharField(max_length=8, required=False)
    ledger_account = Choice(Account, required=False)


class PointOut(serializers.ModelSerializer):
    equity = Amount()
    cash = Amount()
    unrealised = Amount()
    realised = Amount()
    fees = Amount()

    class Meta:
        model = EquitySnapshot
        fields = ["at", "equity", "cash", "unrealised", "realised", "fees"]


class HoldingOut(serializers.Serializer):
    instrument = serializers.IntegerField(source="instrument.number")
    symbol = serializers.CharField(source="instrument.symbol")
    currency = serializers.CharField(source="instrument.currency")
    qty = Amount()
    avg_price = Amount()
    mark = Amount()
    value = Amount()
    unrealised = Amount()
    realised = Amount()


class SummaryOut(serializers.Serializer):
    """In the account's currency; equity = cash + value."""

    account = serializers.IntegerField(source="account.pk")
    currency = serializers.CharField(source="account.currency")
    cash = Amount()
    value = Amount(help_text="Of open positions at their marks.")
    equity = Amount()
    unrealised = Amount()
    realised = Amount()
    fees = Amount()
    day_pnl = Amount()
    holdings = HoldingOut(many=True)
