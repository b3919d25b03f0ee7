"""API keys: made and ended by their owner, logged in as a person; no key makes another."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request

from apps.accounts import services
from apps.accounts.models import ApiKey
from apps.accounts.scopes import SCOPES
from apps.accounts.selectors import apikey_list
from apps.api.access import Scope
from apps.api.door import Door, operation
from apps.api.fields import Said
from apps.api.pages import Paging

KEYS = "API keys"
NEWEST = Paging({"id": ("pk",)}, "-id")
_TEXTS = {"type": "array", "items": {"type": "string"}}


@extend_schema_field(_TEXTS)
class Texts(serializers.ReadOnlyField):
    """A list of words."""


class KeyOut(serializers.ModelSerializer):
    owner = serializers.CharField(source="owner.username")
    scopes = Texts()
    addresses = Texts(help_text="Networks it may be used from; none: anywhere.")
    state = serializers.ChoiceField(choices=["active", "expired", "revoked"])

    class Meta:
        model = ApiKey
        fields = [
            "id", "owner", "name", "prefix", "scopes", "addresses", "state", "created_at", "expires_at", "revoked_at",
            "last_used_at", "last_address",
        ]  # fmt: skip


class NewKeyOut(KeyOut):
    key = serializers.CharField(help_text="The whole key. It is told this once.")

    class Meta(KeyOut.Meta):
        fields = [*KeyOut.Meta.fields, "key"]


class KeyIn(Said):
    name = serializers.CharField(max_length=64)
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=list(SCOPES)), min_length=1, max_length=50)
    expires_at = serializers.DateTimeField(help_text="At most a year from now.")
    addresses = serializers.ListField(child=serializers.CharField(max_length=64), required=False, max_length=20)


class Keys(Door):
    @operation("keys_list", KEYS, Scope.PERSON, answer=KeyOut, many=True, paging=NEWEST)
    def get(self, request: Request, said: dict[str, Any]) -> QuerySet[ApiKey]:
        """My keys, ended ones too; an admin's are everybody's."""
        return apikey_list(actor=request.user)

    @operation(
        "keys_create", KEYS, Scope.PERSON, body=KeyIn, answer=NewKeyOut, status=201, rate="write",
        refusals=("rule_broken",),
        examples=(("A bot", {"name": "bot", "scopes": ["orders:write"], "expires_at": "2027-01-01T00:00:00Z"}),),
    )  # fmt: skip
    def post(self, request: Request, said: dict[str, Any]) -> ApiKey:
        """Make a key of my own. Only its hash is kept: store what you are told."""
        made, raw = services.apikey_create(actor=request.user, **said)
        made.key = raw  # type: ignore[attr-defined]
        return made


class OneKey(Door):
    @operation("keys_revoke", KEYS, Scope.PERSON, rate="write")
    def delete(self, request: Request, said: dict[str, Any], key_id: int) -> None:
        """End a key, at once and for good."""
        services.apikey_revoke(actor=request.user, key_id=key_id)
