"""Builders: one call makes a thing with everything it needs; say only what the test is about."""

from __future__ import annotations

from decimal import Decimal
from itertools import count
from typing import Any

from apps.accounts.models import BrokerAccount, Role, User
from apps.instruments.models import Instrument, Kind, Venue
from apps.strategies.models import StrategyRun

_serial = count(1)


def user(role: Role = Role.TRADER, **fields: Any) -> User:
    """A person; password `secret-word` (set only when asked for, hashing is slow)."""
    name = fields.pop("username", f"user{next(_serial)}")
    password = fields.pop("password", None)
    fields.setdefault("is_staff", role == Role.ADMIN)
    fields.setdefault("is_superuser", role == Role.ADMIN)
    return User.objects.create_user(name, fields.pop("email", f"{name}@example.com"), password, role=role, **fields)


def trader(**fields: Any) -> User:
    return user(Role.TRADER, **fields)


def investor(**fields: Any) -> User:
    return user(Role.INVESTOR, **fields)


def admin(**fields: Any) -> User:
    return user(Role.ADMIN, **fields)


def account(owner: User | None = None, **fields: Any) -> BrokerAccount:
    """A paper account in dry run with 100,000 USD."""
    fields = {"name": f"account {next(_serial)}", "currency": "USD", "starting_cash": Decimal(100_000)} | fields
    return BrokerAccount.objects.create(owner=owner or trader(), **fields)


def venue(**fields: Any) -> Venue:
    fields = {"code": f"V{next(_serial)}", "name": "A venue", "zone": "UTC", "calendar": "CRYPTO"} | fields
    return Venue.objects.create(**fields)


def instrument(number: int | None = None, **fields: Any) -> Instrument:
    """Trades around the clock in USD, steps of 0.01 and 1, unless said otherwise."""
    number = number or next(_serial)
    fields = {
        "symbol": f"SYM{number}",
        "name": "An instrument",
        "kind": Kind.EQUITY,
        "currency": "USD",
        "tick_size": Decimal("0.01"),
    } | fields
    at = fields.pop("venue", None) or venue()
    return Instrument.objects.create(number=number, venue=at, **({"calendar": at.calendar} | fields))


def run(on: BrokerAccount | None = None, instruments: list[Instrument] | None = None, **fields: Any) -> StrategyRun:
    """A draft of the EMA cross on one instrument, one-minute candles."""
    on = on or account()
    fields = {"name": f"run {next(_serial)}", "strategy": "ema_cross", "timeframe": 60} | fields
    made = StrategyRun.objects.create(owner=on.owner, account=on, **fields)
    made.instruments.set(instruments or [instrument()])
    return made
