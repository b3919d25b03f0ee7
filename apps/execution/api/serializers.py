"""The kill switch on the wire."""

from __future__ import annotations

from rest_framework import serializers

from apps.api.fields import BIG, Said
from apps.domain.risk import TradingState
from apps.risk.api.serializers import SwitchOut

_SCOPES = ["installation", "user", "account"]


class SwitchIn(Said):
    scope = serializers.ChoiceField(choices=_SCOPES)
    scope_id = serializers.IntegerField(
        default=0, min_value=0, max_value=BIG, help_text="Key of the user or account; 0 for the installation."
    )
    reason = serializers.CharField(max_length=300, default="", allow_blank=True)


class RearmIn(SwitchIn):
    reduce_only = serializers.BooleanField(default=False, help_text="Only orders out of positions, for now.")


class PulledOut(serializers.Serializer):
    """What one pull set off."""

    switch = SwitchOut()
    cancels = serializers.IntegerField(help_text="Orders whose cancel was asked for.")
    flattens = serializers.IntegerField(help_text="Orders sent out of open positions.")
    accounts = serializers.IntegerField()


class LeftOut(serializers.Serializer):
    state = serializers.ChoiceField(choices=[state.value for state in TradingState])
    left = serializers.IntegerField(help_text="Working orders plus open positions in the scope; 0 is flat.")
