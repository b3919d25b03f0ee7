"""What the API answers with, as typed rows. Money is Decimal, times are aware UTC."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any, Self, get_type_hints


@dataclass(frozen=True, slots=True)
class Thing:
    @classmethod
    def of(cls, told: dict[str, Any]) -> Self:
        """From the API's JSON; what a newer API tells beyond these fields is left out."""
        return cls(**{name: _read(kind, told[name]) for name, kind in _kinds(cls).items()})


@cache
def _kinds(cls: type[Thing]) -> dict[str, Any]:
    hints = get_type_hints(cls)
    return {field.name: hints[field.name] for field in fields(cls)}


def _read(kind: Any, value: Any) -> Any:
    if value is None:
        return None
    if kind in (Decimal, Decimal | None):
        return Decimal(value)
    return datetime.fromisoformat(value) if kind in (datetime, datetime | None) else value


@dataclass(frozen=True, slots=True)
class Account(Thing):
    id: int
    name: str
    currency: str
    mode: str
    starting_cash: Decimal


@dataclass(frozen=True, slots=True)
class Instrument(Thing):
    number: int
    symbol: str
    name: str
    venue: str
    currency: str
    tick_size: Decimal
    lot_size: Decimal


@dataclass(frozen=True, slots=True)
class Order(Thing):
    id: int
    client_order_id: str
    account: int
    instrument: int
    symbol: str
    side: str
    order_type: str
    qty: Decimal
    filled_qty: Decimal
    avg_price: Decimal | None
    limit_price: Decimal | None
    trigger_price: Decimal | None
    status: str
    is_working: bool
    reason: str
    decided_at: datetime


@dataclass(frozen=True, slots=True)
class Fill(Thing):
    id: int
    order: int
    instrument: int
    symbol: str
    side: str
    qty: Decimal
    price: Decimal
    fee: Decimal
    currency: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Position(Thing):
    account: int
    instrument: int
    symbol: str
    qty: Decimal
    realised: Decimal
    mark: Decimal


@dataclass(frozen=True, slots=True)
class Run(Thing):
    id: int
    name: str
    strategy: str
    params: dict[str, Any]
    state: str
    reason: str


@dataclass(frozen=True, slots=True)
class Candles(Thing):
    """Columns, oldest first; `indicators`: label -> values, None while warming up."""

    start_ms: list[int]
    open: list[float]
    high: list[float]
    low: list[float]
    close: list[float]
    volume: list[float]
    indicators: dict[str, list[float | None]]
    more: bool
