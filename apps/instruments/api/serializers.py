"""Instruments and venues on the wire."""

from __future__ import annotations

from rest_framework import serializers

from apps.api.fields import Amount, MomentNs, Said
from apps.domain.sessions import MarketState
from apps.instruments.models import Instrument, Kind


class InstrumentOut(serializers.ModelSerializer):
    venue = serializers.CharField(source="venue.code")
    tick_size = Amount()
    lot_size = Amount()
    multiplier = Amount()

    class Meta:
        model = Instrument
        fields = [
            "number", "symbol", "name", "kind", "venue", "calendar", "currency", "tick_size", "lot_size", "multiplier",
            "is_active",
        ]  # fmt: skip


class InstrumentQuery(Said):
    kind = serializers.ChoiceField(choices=Kind.values, required=False)
    venue = serializers.CharField(max_length=16, required=False, help_text="Code of the venue.")
    search = serializers.CharField(max_length=64, required=False, help_text="Part of the symbol or the name.")


class ClockOut(serializers.Serializer):
    state = serializers.ChoiceField(choices=[state.value for state in MarketState])
    changes_at = MomentNs(source="changes_ns", allow_null=True, help_text="When it changes next.")


class VenueOut(serializers.Serializer):
    code = serializers.CharField()
    name = serializers.CharField()
    zone = serializers.CharField(help_text="Its local time.")
    calendar = serializers.CharField()
    clock = ClockOut(help_text="Open or closed right now, by the wall clock.")
