"""What a client may say, checked: JSON in, typed wishes out. The words are documented in docs/live-protocol.md."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from apps.domain.errors import BadInput
from apps.domain.timeframes import TIMEFRAMES

MAX_TEXT: Final = 16 * 1024
MAX_CHANNELS: Final = 64  # on one socket
MAX_CHARTS: Final = 16
MAX_CHANNEL_TEXT: Final = 400

_OPS: Final = ("subscribe", "unsubscribe", "resume", "ping")


@dataclass(frozen=True, slots=True)
class Wish:
    """One message of a client. `id` comes back in the answer; `after`: the last seq the client has (resume)."""

    op: str
    channels: tuple[str, ...] = ()
    id: int | str | None = None
    after: int = 0


@dataclass(frozen=True, slots=True)
class PricesChannel:
    """`symbol` None: the user's watchlist."""

    symbol: str | None


@dataclass(frozen=True, slots=True)
class ChartChannel:
    """`indicators`: text forms such as `ema(20)`, in the order in which their values come."""

    symbol: str
    timeframe: int
    indicators: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AccountChannel:
    account_id: int


@dataclass(frozen=True, slots=True)
class PlainChannel:
    """`runs` (the user's own) or `status`."""

    name: str


Channel = PricesChannel | ChartChannel | AccountChannel | PlainChannel


def parse_wish(text: str | bytes | None) -> Wish:
    """The wish in one message. Raises BadInput naming the field that is wrong."""
    if not isinstance(text, str):
        raise BadInput("send text, not binary messages", field="message")
    if len(text) > MAX_TEXT:
        raise BadInput(f"a message has at most {MAX_TEXT} characters, this one {len(text)}", field="message")
    try:
        said = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise BadInput(f"this is not JSON: {error}", field="message") from None
    if not isinstance(said, dict):
        raise BadInput('send an object such as {"op": "ping"}', field="message")
    return _checked(said)


def _checked(said: dict[str, Any]) -> Wish:
    op, name = said.get("op"), said.get("id")
    if op not in _OPS:
        raise BadInput(f"op is one of {', '.join(_OPS)}, not {op!r}", field="op", id=_id(name))
    if _id(name) != name:
        raise BadInput("id is a number or a short text of your own", field="id")
    if op == "ping":
        return Wish(op, id=name)
    if op == "resume":
        after = said.get("after")
        if not isinstance(after, int) or isinstance(after, bool) or after < 0:
            raise BadInput("after is the last seq you have, 0 or more", field="after", id=name)
        return Wish(op, (_channel_text(said.get("channel"), "channel", name),), name, after)
    channels = said.get("channels")
    if not isinstance(channels, list) or not 0 < len(channels) <= MAX_CHANNELS:
        raise BadInput(f"channels is a list of 1 to {MAX_CHANNELS} channel names", field="channels", id=name)
    return Wish(op, tuple(dict.fromkeys(_channel_text(each, "channels", name) for each in channels)), name)


def _id(name: object) -> int | str | None:
    """The id where it may come back in an answer, else None."""
    return name if isinstance(name, int) or (isinstance(name, str) and len(name) <= 64) else None


def _channel_text(text: object, field: str, name: object) -> str:
    if not isinstance(text, str) or not 0 < len(text) <= MAX_CHANNEL_TEXT:
        raise BadInput(f"a channel is a text of at most {MAX_CHANNEL_TEXT} characters", field=field, id=name)
    return text


_ACCOUNT = re.compile(r"[0-9]{1,18}", re.ASCII)


def parse_channel(text: str) -> Channel:
    """What a channel name means. Raises BadInput; whether the thing exists is not known here."""
    kind, _, rest = text.partition(":")
    if kind == "prices" and rest:
        return PricesChannel(None if rest == "*" else rest)
    if kind == "account" and _ACCOUNT.fullmatch(rest):
        return AccountChannel(int(rest))
    if text in {"runs", "status"}:
        return PlainChannel(text)
    if kind == "chart":
        return _parse_chart(text, rest)
    raise BadInput(
        f"no channel is called {text!r}; there are prices:SYMBOL, prices:*, chart:SYMBOL:TIMEFRAME:INDICATORS, "
        "account:NUMBER, runs and status",
        field="channels",
        channel=text,
    )


def _parse_chart(text: str, rest: str) -> ChartChannel:
    # an instrument's symbol may hold a colon (NSE:INFY), a timeframe and an indicator never do
    symbol, _, tail = rest.rpartition(":")
    head, _, timeframe = symbol.rpartition(":")
    if timeframe not in TIMEFRAMES:
        head, timeframe, tail = symbol, tail, ""  # no indicators were asked for
    if not head or timeframe not in TIMEFRAMES:
        raise BadInput(
            f"a chart is chart:SYMBOL:TIMEFRAME:INDICATORS with a timeframe of {', '.join(TIMEFRAMES)}, not {text!r}",
            field="channels",
            channel=text,
        )
    return ChartChannel(head, TIMEFRAMES[timeframe], tuple(part for part in tail.split(";") if part))
