"""What a sender wrote, as a wish: TradingView's words and our own, strictly read. No database here.

A field nobody knows is refused, so that a misspelt price never trades at market.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

import msgspec

from apps.domain.errors import BadInput
from apps.domain.messages import OrderType, Side, Validity

_decoder: Final = msgspec.json.Decoder(float_hook=Decimal)
_OURS: Final = {"side", "qty", "symbol", "type", "price", "trigger", "validity", "exit", "id"}
_THEIRS: Final = {"ticker": "symbol", "action": "side", "contracts": "qty", "order_id": "id"}
# Told by TradingView's placeholders and not traded on: `price` is what it saw.
_TOLD: Final = {
    *("exchange", "price", "close", "open", "high", "low", "volume", "time", "timenow", "interval", "comment"),
    *("currency", "strategy", "market_position", "market_position_size"),
    *("prev_market_position", "prev_market_position_size"),
}
_SMALLEST: Final = Decimal("1e-10")
_LARGEST: Final = Decimal("1e12")
LONGEST: Final = 64  # characters of a word


@dataclass(frozen=True, slots=True)
class Wish:
    """`symbol` empty: the hook's own instrument. `id` empty: the sender gave none."""

    side: Side
    qty: Decimal
    symbol: str
    order_type: OrderType
    limit_price: Decimal | None
    trigger_price: Decimal | None
    validity: Validity
    exit: bool
    id: str


def wish_read(body: bytes) -> Wish:
    """Raises BadInput that names the field and says what is wrong with it; `field` is "" for the body itself."""
    try:
        said = _decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ArithmeticError, ValueError) as error:
        raise BadInput(f"the body is not JSON: {error}"[:200], field="body") from None
    if not isinstance(said, dict):
        raise BadInput("the body is one JSON object", field="body")
    if "ticker" in said or "action" in said:
        said = _translated(said)
    unknown = sorted(name[:40] for name in said.keys() - _OURS)
    if unknown:
        raise BadInput(f"there is no field {unknown[0]}; there are: {', '.join(sorted(_OURS))}", field=unknown[0])
    return _wish(said)


def _translated(said: Mapping[str, Any]) -> dict[str, Any]:
    """TradingView's placeholders in our words. Their `price` is a fact, `limit_price` a wish."""
    for theirs, ours in _THEIRS.items():
        if theirs in said and ours in said and theirs != "order_id":
            raise BadInput(f"{theirs} and {ours} say the same thing: send one", field=theirs)
    known = _OURS | _THEIRS.keys() | _TOLD | {"limit_price", "trigger_price"}
    unknown = sorted(name[:40] for name in said.keys() - known)
    if unknown:
        raise BadInput(f"there is no field {unknown[0]}; there are: {', '.join(sorted(known))}", field=unknown[0])
    ours = {_THEIRS.get(name, name): value for name, value in said.items() if name not in _TOLD}
    if "id" in said:
        ours["id"] = said["id"]
    elif "order_id" in said and "timenow" in said:  # an order id of theirs is a name, the same at every signal
        ours["id"] = f"{said['order_id']} {said['timenow']}"
    else:
        ours.pop("id", None)
    for theirs, name in (("limit_price", "price"), ("trigger_price", "trigger")):
        if theirs in ours:
            ours[name] = ours.pop(theirs)
    if said.get("market_position") == "flat":
        ours.setdefault("exit", True)
    return ours


def _wish(said: Mapping[str, Any]) -> Wish:
    kind = _one_of(OrderType, said, "type", OrderType.MARKET)
    return Wish(
        side=_one_of(Side, said, "side"),
        qty=_needed(_number(said, "qty"), "qty"),
        symbol=_word(said, "symbol"),
        order_type=kind,
        limit_price=_price(said, "price", kind, (OrderType.LIMIT, OrderType.SL)),
        trigger_price=_price(said, "trigger", kind, (OrderType.SL, OrderType.SL_M)),
        validity=_one_of(Validity, said, "validity", Validity.DAY),
        exit=_yes(said, "exit"),
        id=_word(said, "id", number_too=True),
    )


def _one_of[T: StrEnum](kind: type[T], said: Mapping[str, Any], field: str, default: T | None = None) -> T:
    given = said.get(field, default)
    if isinstance(given, str):
        try:
            return kind(given.strip().lower())
        except ValueError:
            pass
    raise BadInput(f"{field} is one of: {', '.join(kind)}", field=field)


def _number(said: Mapping[str, Any], field: str) -> Decimal | None:
    given = said.get(field)
    if given is None:
        return None
    try:
        if isinstance(given, bool) or not isinstance(given, int | str | Decimal) or len(str(given)) > LONGEST:
            raise ValueError
        number = Decimal(given.strip() if isinstance(given, str) else given)
        if not number.is_finite():
            raise ValueError
    except (ArithmeticError, ValueError):
        raise BadInput(f"{field} is a number, such as 2 or 101.25", field=field) from None
    if not _SMALLEST <= number < _LARGEST or number % _SMALLEST:
        raise BadInput(f"{field} is above zero, has at most 12 digits before the point and 10 behind it", field=field)
    return number


def _price(said: Mapping[str, Any], field: str, kind: OrderType, where: tuple[OrderType, ...]) -> Decimal | None:
    price = _number(said, field)
    if kind in where:
        return _needed(price, field)
    if price is not None:
        raise BadInput(f"a {kind} order takes no {field}; say which type you mean", field=field)
    return None


def _needed(number: Decimal | None, field: str) -> Decimal:
    if number is None:
        raise BadInput(f"{field} is missing", field=field)
    return number


def _word(said: Mapping[str, Any], field: str, *, number_too: bool = False) -> str:
    given = said.get(field)
    if given is None:
        return ""
    if number_too and isinstance(given, int | Decimal) and not isinstance(given, bool):
        given = str(given)
    if not isinstance(given, str) or not 1 <= len(given.strip()) <= LONGEST * 2 or not given.isprintable():
        raise BadInput(f"{field} is 1 to {LONGEST * 2} printable characters", field=field)
    return given.strip()


def _yes(said: Mapping[str, Any], field: str) -> bool:
    given = said.get(field, False)
    if not isinstance(given, bool):
        raise BadInput(f"{field} is true or false", field=field)
    return given
