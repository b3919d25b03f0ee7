"""What a client may say, checked: JSON in, typed wishes out. The words are documented in docs/live-protocol.md."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from apps.dashboard.live.limits import MAX_CHANNEL_TEXT, MAX_CHANNELS, MAX_TEXT, LimitReached
from apps.dashboard.live.visitors import KEY, TOKEN, Credential, credential_checked
from apps.domain.errors import BadInput
from apps.domain.timeframes import TIMEFRAMES

_OPS: Final = ("subscribe", "unsubscribe", "resume", "ping", "auth")

NEEDS: Final[dict[str, frozenset[str]]] = {
    "prices": frozenset({"market:read"}),
    "candles": frozenset({"market:read"}),
    "chart": frozenset({"market:read"}),
    "account": frozenset({"orders:read", "portfolio:read", "risk:read"}),
    "alerts": frozenset({"alerts:read", "risk:read"}),
    "runs": frozenset({"strategies:read"}),
    "status": frozenset({"market:read", "risk:read"}),
}
"""Every kind of channel, and the scopes an API key needs for it: those of all facts it carries."""


@dataclass(frozen=True, slots=True)
class Wish:
    """One message of a client. `id` comes back in the answer; `after`: the last seq the client has (resume);
    `credential`: what it shows (auth)."""

    op: str
    channels: tuple[str, ...] = ()
    id: int | str | None = None
    after: int = 0
    credential: Credential | None = None


@dataclass(frozen=True, slots=True)
class PricesChannel:
    """`symbol` None: the user's watchlist."""

    symbol: str | None


@dataclass(frozen=True, slots=True)
class ChartChannel:
    """`chart:` or, without indicators, `candles:`.

    `indicators`: text forms such as `ema(20)`, in the order in which their values come.
    """

    symbol: str
    timeframe: int
    indicators: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AccountChannel:
    account_id: int


@dataclass(frozen=True, slots=True)
class PlainChannel:
    """`runs` (the user's own), `alerts` or `status`."""

    name: str


Channel = PricesChannel | ChartChannel | AccountChannel | PlainChannel


def parse_wish(text: str | bytes | None) -> Wish:
    """The wish in one message. Raises BadInput naming the field that is wrong."""
    if not isinstance(text, str):
        raise BadInput("send text, not binary messages", field="message")
    if len(text) > MAX_TEXT:
        told = f"a message has at most {MAX_TEXT} characters, this one {len(text)}"
        raise LimitReached(told, limit="text", most=MAX_TEXT, field="message")
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
    if op == "auth":
        return Wish(op, id=name, credential=_credential(said, name))
    if op == "resume":
        after = said.get("after")
        if not isinstance(after, int) or isinstance(after, bool) or after < 0:
            raise BadInput("after is the last seq you have, 0 or more", field="after", id=name)
        return Wish(op, (_channel_text(said.get("channel"), "channel", name),), name, after)
    channels = said.get("channels")
    if isinstance(channels, list) and len(channels) > MAX_CHANNELS:
        told = f"a message names at most {MAX_CHANNELS} channels, this one {len(channels)}"
        raise LimitReached(told, limit="channels", most=MAX_CHANNELS, field="channels", id=name)
    if not isinstance(channels, list) or not channels:
        raise BadInput(f"channels is a list of 1 to {MAX_CHANNELS} channel names", field="channels", id=name)
    return Wish(op, tuple(dict.fromkeys(_channel_text(each, "channels", name) for each in channels)), name)


def _credential(said: dict[str, Any], name: int | str | None) -> Credential:
    shown = [kind for kind in (KEY, TOKEN) if kind in said]
    if len(shown) != 1:
        raise BadInput('show one credential: {"op":"auth","key":…} or {"op":"auth","token":…}', field=KEY, id=name)
    return credential_checked(shown[0], said[shown[0]])


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
    if text in {"runs", "alerts", "status"}:
        return PlainChannel(text)
    if kind == "chart":
        return _parse_chart(text, rest)
    if kind == "candles":
        return _parse_candles(text, rest)
    raise BadInput(
        f"no channel is called {text!r}; there are prices:SYMBOL, prices:*, candles:SYMBOL:TIMEFRAME, "
        "chart:SYMBOL:TIMEFRAME:INDICATORS, account:NUMBER, alerts, runs and status",
        field="channels",
        channel=text,
    )


def channel_kind(text: str) -> str:
    """The key of NEEDS of a name that `parse_channel` took."""
    return text.partition(":")[0]


def _parse_candles(text: str, rest: str) -> ChartChannel:
    symbol, _, timeframe = rest.rpartition(":")
    if not symbol or timeframe not in TIMEFRAMES:
        raise BadInput(
            f"candles are candles:SYMBOL:TIMEFRAME with a timeframe of {', '.join(TIMEFRAMES)}, not {text!r}",
            field="channels",
            channel=text,
        )
    return ChartChannel(symbol, TIMEFRAMES[timeframe], ())


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
