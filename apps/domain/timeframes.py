"""Candle lengths and their short names, in seconds. 86400 is the trading day, whatever its hours."""

from __future__ import annotations

from typing import Final

from apps.domain.errors import BadInput

DAY: Final = 86_400

TIMEFRAMES: Final[dict[str, int]] = {
    "1s": 1,
    "5s": 5,
    "15s": 15,
    "30s": 30,
    "1m": 60,
    "3m": 180,
    "5m": 300,
    "10m": 600,
    "15m": 900,
    "30m": 1800,
    "1h": 3600,
    "2h": 7200,
    "4h": 14_400,
    "1d": DAY,
}
_NAMES: Final = {seconds: name for name, seconds in TIMEFRAMES.items()}


def timeframe_parse(text: str) -> int:
    """Seconds of a name such as "5m". Raises BadInput that lists the names there are."""
    try:
        return TIMEFRAMES[text.strip().lower()]
    except KeyError:
        raise BadInput(
            f"no timeframe is called {text!r}; use one of {', '.join(TIMEFRAMES)}", field="timeframe", value=text
        ) from None


def timeframe_name(seconds: int) -> str:
    """Short name of a timeframe. Raises BadInput for a length Velox does not build."""
    try:
        return _NAMES[seconds]
    except KeyError:
        raise BadInput(
            f"no timeframe is {seconds} s long; use one of {', '.join(TIMEFRAMES)}", field="timeframe", value=seconds
        ) from None
