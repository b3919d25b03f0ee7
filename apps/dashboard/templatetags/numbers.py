"""How numbers read: a real minus sign, grouping by the money's own country, decimals by the tick."""

from __future__ import annotations

from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from typing import Any, Final

from django import template
from django.utils import timezone

from apps.domain.messages import utc

register = template.Library()

NONE: Final = "–"
MINUS: Final = "−"
SIGNS: Final = {"INR": "₹", "USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥"}
_NAMES: Final = {"sl": "SL", "sl_m": "SL-M", "ioc": "IOC", "gtc": "GTC"}
_WORDS: Final = {"atr": "ATR", "ema": "EMA", "sma": "SMA", "rsi": "RSI", "s": "(s)", "pct": "(%)", "qty": "quantity"}
NO_CENTS: Final = frozenset({"JPY", "KRW"})


def number_format(value: Any, places: int, *, indian: bool = False, signed: bool = False) -> str:
    """Grouped text of a number (12,34,567.80 where `indian`); a dash where there is none."""
    exact = _decimal(value)
    if exact is None:
        return NONE
    rounded = exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_EVEN)
    whole, _, part = f"{abs(rounded):f}".partition(".")
    sign = MINUS if rounded < 0 else "+" if signed and rounded > 0 else ""
    return sign + _grouped(whole, indian) + (f".{part}" if part else "")


def _grouped(whole: str, indian: bool) -> str:
    if not indian or len(whole) <= 3:
        return f"{int(whole):,}"
    head, tail = whole[:-3], whole[-3:]
    pairs = [head[max(0, end - 2) : end] for end in range(len(head), 0, -2)]
    return ",".join([*reversed(pairs), tail])


def _decimal(value: Any) -> Decimal | None:
    if value is None or value == "":
        return None
    try:
        exact = value if isinstance(value, Decimal) else Decimal(str(value))
    except InvalidOperation:
        return None
    return exact if exact.is_finite() else None


@register.filter
def decimals(tick_size: Any) -> int:
    """Digits after the point that a step of this size needs."""
    exact = _decimal(tick_size)
    if exact is None or exact == 0:
        return 2
    return max(0, -int(exact.normalize().as_tuple().exponent))


@register.filter
def price(value: Any, tick_size: Any) -> str:
    return number_format(value, decimals(tick_size))


@register.filter
def price_signed(value: Any, tick_size: Any) -> str:
    return number_format(value, decimals(tick_size), signed=True)


@register.filter
def qty(value: Any) -> str:
    """A quantity with no more digits than it has."""
    exact = _decimal(value)
    return NONE if exact is None else number_format(exact, decimals(exact) if exact % 1 else 0)


@register.filter
def money(value: Any, currency: str = "") -> str:
    return _money(value, currency, signed=False)


@register.filter
def money_signed(value: Any, currency: str = "") -> str:
    return _money(value, currency, signed=True)


def _money(value: Any, currency: str, *, signed: bool) -> str:
    text = number_format(value, 0 if currency in NO_CENTS else 2, indian=currency == "INR", signed=signed)
    if text == NONE:
        return text
    sign, digits = (text[0], text[1:]) if text[0] in f"+{MINUS}" else ("", text)
    unit = SIGNS.get(currency, "")
    return f"{sign}{unit}{digits}" + ("" if unit or not currency else f" {currency}")


@register.filter
def percent(value: Any, places: int = 2) -> str:
    """A share (0.0123) as percent with its sign (+1.23 %)."""
    exact = _decimal(value)
    return NONE if exact is None else number_format(exact * 100, places, signed=True) + " %"


@register.filter
def tone(value: Any) -> str:
    """The class of a change: up, down, or nothing."""
    exact = _decimal(value)
    return "" if not exact else "up" if exact > 0 else "down"


@register.filter
def arrow(value: Any) -> str:
    """A change is never told by colour alone."""
    return {"up": "▲", "down": "▼"}.get(tone(value), "")


@register.filter
def count(value: Any) -> str:
    return number_format(value, 0)


@register.filter
def ago(at: datetime | None) -> str:
    """ "3 min ago"; the page shows the instant on hover."""
    if at is None:
        return NONE
    seconds = (timezone.now() - at).total_seconds()
    if seconds < 1:
        return "just now"
    for step, name in ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")):
        if seconds >= step:
            return f"{int(seconds // step)} {name} ago"
    return "just now"


@register.filter
def moment(ns: int) -> datetime:
    """ns since 1970 as the viewer's local time."""
    return timezone.localtime(utc(ns))


@register.filter
def words(name: str) -> str:
    """A code as words: kill_switch reads Kill switch, stop_atr Stop ATR."""
    if name in _NAMES:
        return _NAMES[name]
    told = " ".join(_WORDS.get(word, word) for word in str(name).split("_"))
    return told[:1].upper() + told[1:]


@register.filter
def share(value: Any) -> str:
    """A share as percent without a sign: 71 %."""
    exact = _decimal(value)
    return NONE if exact is None else number_format(exact * 100, 0) + " %"
