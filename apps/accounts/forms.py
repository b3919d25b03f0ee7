"""The forms about oneself. They say what is missing; the services say what is wrong."""

from __future__ import annotations

import zoneinfo
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils import timezone

from apps.accounts.models import Theme, User
from apps.accounts.scopes import READING, SCOPES
from apps.domain.errors import VeloxError

NEW = forms.PasswordInput(attrs={"autocomplete": "new-password"})
NOW = forms.PasswordInput(attrs={"autocomplete": "current-password"})
CODE = {"autocomplete": "one-time-code", "inputmode": "text", "autocapitalize": "none", "spellcheck": "false"}
RULES = "At least 10 characters; not a common one, not all digits, not like your name."


class Refusing(forms.Form):
    def refuse(self, error: VeloxError) -> None:
        """Put a service's refusal beside the field it names, else above the form."""
        named = error.facts.get("field")
        self.add_error(named if named in self.fields else None, error.message)


class LoginForm(Refusing):
    username = forms.CharField(
        label="User name", max_length=150, widget=forms.TextInput(attrs={"autocomplete": "username", "autofocus": True})
    )
    password = forms.CharField(strip=False, max_length=1000, widget=NOW)


class CodeForm(Refusing):
    code = forms.CharField(
        max_length=40,
        widget=forms.TextInput(attrs=CODE | {"autofocus": True}),
        help_text="Six digits of your authenticator, or one of your recovery codes.",
    )


class EmailForm(Refusing):
    email = forms.EmailField(
        label="E-mail address",
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email", "autofocus": True}),
    )


class JoinForm(Refusing):
    username = forms.CharField(
        label="User name",
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autofocus": True}),
        help_text="What you sign in with: letters, digits and @ . + - _",
    )
    password = forms.CharField(strip=False, max_length=1000, widget=NEW, help_text=RULES)
    time_zone = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput(attrs={"data-own-zone": True}))


class NewPasswordForm(Refusing):
    """`user`: whose it will be, for Django's reset view, which hands it in."""

    password = forms.CharField(label="New password", strip=False, max_length=1000, widget=NEW, help_text=RULES)

    def __init__(self, user: User | None = None, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.user = user


class PasswordForm(Refusing):
    old = forms.CharField(label="Password now", strip=False, max_length=1000, widget=NOW)
    new = forms.CharField(label="New password", strip=False, max_length=1000, widget=NEW, help_text=RULES)

    def refuse(self, error: VeloxError) -> None:
        """A wrong present password and a poor new one are both told of `password`."""
        field = "old" if "not your password" in error.message else "new"
        self.add_error(field if error.facts.get("field") == "password" else None, error.message)


class ConfirmForm(Refusing):
    password = forms.CharField(label="Your password", strip=False, max_length=1000, widget=NOW)


class FirstCodeForm(ConfirmForm):
    code = forms.CharField(
        label="Code it shows", max_length=12, widget=forms.TextInput(attrs=CODE | {"inputmode": "numeric"})
    )
    field_order = ["code", "password"]


class ProfileForm(Refusing):
    first_name = forms.CharField(
        max_length=150, required=False, widget=forms.TextInput(attrs={"autocomplete": "given-name"})
    )
    last_name = forms.CharField(
        max_length=150, required=False, widget=forms.TextInput(attrs={"autocomplete": "family-name"})
    )
    time_zone = forms.ChoiceField(help_text="Times on every page are shown in it.")
    theme = forms.ChoiceField(choices=Theme.choices)

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.fields["time_zone"].choices = [
            (name, name.replace("_", " ")) for name in sorted(zoneinfo.available_timezones())
        ]


class KeyForm(ConfirmForm):
    name = forms.CharField(max_length=64, help_text="What it is for, e.g. the program's name.")
    scopes = forms.MultipleChoiceField(widget=forms.CheckboxSelectMultiple)
    days = forms.TypedChoiceField(
        label="Good for",
        coerce=int,
        choices=[(7, "7 days"), (30, "30 days"), (90, "90 days"), (365, "A year")],
        initial=90,
    )
    addresses = forms.CharField(
        required=False,
        max_length=1000,
        widget=forms.TextInput(attrs={"placeholder": "anywhere", "spellcheck": "false"}),
        help_text="Addresses or networks it may be used from, by comma.",
    )
    field_order = ["name", "scopes", "days", "addresses", "password"]

    def __init__(self, *args: Any, may_trade: bool, **named: Any) -> None:
        super().__init__(*args, **named)
        shown = SCOPES if may_trade else {scope: SCOPES[scope] for scope in SCOPES if scope in READING}
        self.fields["scopes"].choices = list(shown.items())

    def facts(self) -> dict[str, Any]:
        """What `apikey_create` takes, but for the actor."""
        said = self.cleaned_data
        return {
            "name": said["name"],
            "scopes": said["scopes"],
            "expires_at": self._end(said["days"]),
            "addresses": said["addresses"].split(","),
        }

    @staticmethod
    def _end(days: int) -> datetime:
        return timezone.now() + timedelta(days=days)
