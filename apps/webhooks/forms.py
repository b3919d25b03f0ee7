"""The form of a new webhook."""

from __future__ import annotations

import re
from typing import Any

from django import forms

from apps.accounts.models import BrokerAccount
from apps.instruments.models import Instrument
from apps.webhooks.services.hooks import FASTEST


class HookForm(forms.Form):
    name = forms.CharField(max_length=64, help_text="The strategy that will speak through it.")
    account = forms.ChoiceField(help_text="Its orders go here, and count as the owner's.")
    instrument = forms.ChoiceField(
        required=False, help_text="Whatever else the sender names is refused. Leave it open to trade several."
    )
    per_minute = forms.IntegerField(
        min_value=1, max_value=FASTEST, initial=60, label="Deliveries a minute", help_text="More than that is put off."
    )
    addresses = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false"}),
        label="Addresses it may come from",
        help_text="One or several, or networks such as 203.0.113.0/24. Empty: from anywhere.",
    )
    signed_only = forms.BooleanField(
        required=False,
        label="Only signed deliveries",
        help_text="For your own programs. TradingView cannot sign: leave it off there.",
    )

    def __init__(self, *args: Any, accounts: list[BrokerAccount], instruments: list[Instrument], **named: Any) -> None:
        super().__init__(*args, **named)
        self.fields["account"].choices = [(str(each.pk), each.name) for each in accounts]
        any_of_them = ("", "Any, as the sender says")
        self.fields["instrument"].choices = [any_of_them, *((str(each.pk), each.symbol) for each in instruments)]

    def values(self) -> dict[str, Any]:
        """What `hook_create` takes, but for the actor."""
        said = self.cleaned_data
        return {
            "account_id": int(said["account"]),
            "name": said["name"],
            "instrument": int(said["instrument"]) if said["instrument"] else None,
            "per_minute": said["per_minute"],
            "addresses": re.split(r"[\s,;]+", said["addresses"]),
            "signed_only": said["signed_only"],
        }

    def blame(self, field: str | None, sentence: str) -> None:
        """Put a service's refusal beside the field it names."""
        self.add_error(field if field in self.fields else None, sentence)
