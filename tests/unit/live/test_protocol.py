"""What channel names mean."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.dashboard.live.protocol import (
    AccountChannel,
    ChartChannel,
    PlainChannel,
    PricesChannel,
    parse_channel,
    parse_wish,
)
from apps.domain.errors import BadInput


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("prices:XAUUSD", PricesChannel("XAUUSD")),
        ("prices:*", PricesChannel(None)),
        ("prices:NSE:INFY", PricesChannel("NSE:INFY")),
        ("account:7", AccountChannel(7)),
        ("runs", PlainChannel("runs")),
        ("alerts", PlainChannel("alerts")),
        ("candles:XAUUSD:5m", ChartChannel("XAUUSD", 300, ())),
        ("candles:NSE:INFY:1d", ChartChannel("NSE:INFY", 86_400, ())),
        ("status", PlainChannel("status")),
        ("chart:XAUUSD:5m:ema(20);rsi(14)", ChartChannel("XAUUSD", 300, ("ema(20)", "rsi(14)"))),
        ("chart:XAUUSD:1h:", ChartChannel("XAUUSD", 3600, ())),
        ("chart:XAUUSD:1d", ChartChannel("XAUUSD", 86_400, ())),
        ("chart:NSE:INFY:5m:macd(12,26,9)", ChartChannel("NSE:INFY", 300, ("macd(12,26,9)",))),
        ("chart:NSE:INFY:5m", ChartChannel("NSE:INFY", 300, ())),
    ],
)
def test_a_channel_name_has_one_meaning(text: str, meaning: object) -> None:
    assert parse_channel(text) == meaning


@pytest.mark.parametrize(
    "text",
    [
        "",
        "prices:",
        "account:",
        "account:-1",
        "account:٣",
        "account:1 ",
        "runs:3",
        "chart:",
        "chart:5m",
        "chart::5m",
        "candles:",
        "candles:5m",
        "candles::5m",
        "candles:XAUUSD:5m:ema(20)",
        "ticks:XAUUSD",
        "alerts:7",
    ],
)
def test_other_names_are_refused_with_the_list_of_those_there_are(text: str) -> None:
    with pytest.raises(BadInput) as refused:
        parse_channel(text)
    assert refused.value.facts["field"] == "channels"


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=80) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["op", "channels", "channel", "after", "id", "key", "token"]), inner, max_size=5),
).map(lambda value: __import__("json").dumps(value)))  # fmt: skip
def test_no_text_breaks_the_parser(text: str) -> None:
    try:
        wish = parse_wish(text)
    except BadInput as error:
        assert error.facts["field"]
    else:
        assert wish.op in {"subscribe", "unsubscribe", "resume", "ping", "auth"}
