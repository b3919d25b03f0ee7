"""People and accounts on the wire."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError as DjangoError
from rest_framework import serializers

from apps.accounts.models import BrokerAccount, Grant, Theme, User, zone_validate
from apps.api.fields import Amount, Key, NotNegativeIn, Said


class MeOut(serializers.ModelSerializer):
    scopes = serializers.SerializerMethodField(help_text="What the API key may do; null for somebody who logged in.")

    class Meta:
        model = User
        fields = ["id", "username", "email", "first_name", "last_name", "role", "time_zone", "theme", "scopes"]

    def get_scopes(self, user: User) -> list[str] | None:
        scopes = getattr(user, "api_scopes", None)
        return None if scopes is None else sorted(scopes)


class MeIn(Said):
    first_name = serializers.CharField(max_length=150, allow_blank=True)
    last_name = serializers.CharField(max_length=150, allow_blank=True)
    time_zone = serializers.CharField(max_length=64, help_text="Such as Asia/Kolkata.")
    theme = serializers.ChoiceField(choices=Theme.values)

    def validate_time_zone(self, name: str) -> str:
        try:
            zone_validate(name)
        except DjangoError as error:
            raise serializers.ValidationError(error.messages) from None
        return name


class AccountOut(serializers.ModelSerializer):
    owner = serializers.IntegerField(source="owner_id")
    starting_cash = Amount()

    class Meta:
        model = BrokerAccount
        fields = [
            "id", "owner", "name", "broker", "currency", "mode", "live_enabled", "starting_cash", "is_active",
            "created_at",
        ]  # fmt: skip


class AccountIn(Said):
    name = serializers.CharField(max_length=64)
    currency = serializers.RegexField(r"^[A-Z]{3,5}$", help_text="Of its cash and its P&L, e.g. USD.")
    starting_cash = NotNegativeIn(max_digits=15, decimal_places=6)


class GrantOut(serializers.ModelSerializer):
    account = serializers.IntegerField(source="account_id")
    investor = serializers.CharField(source="investor.username")

    class Meta:
        model = Grant
        fields = ["id", "account", "investor", "created_at"]


class GrantIn(Said):
    account = Key()
    investor = serializers.CharField(max_length=150, help_text="User name of the investor who may read the account.")


class LoginIn(Said):
    username = serializers.CharField(max_length=150)
    password = serializers.CharField(max_length=256, trim_whitespace=False, style={"input_type": "password"})
    code = serializers.CharField(
        max_length=40, required=False, help_text="Six digits of the authenticator, or a recovery code, if one is set."
    )


class RefreshIn(Said):
    refresh = serializers.CharField(max_length=2000)


class TokensOut(serializers.Serializer):
    access = serializers.CharField(help_text="Send it as `Authorization: Bearer …`; it lives 15 minutes.")
    refresh = serializers.CharField(help_text="Buys the next pair, once.")


def described(user: User, scopes: frozenset[str] | None) -> Any:
    """The user as MeOut reads it."""
    user.api_scopes = scopes
    return user
