"""What a chart is drawn from: candles with their indicator values, in the shape the live channel also uses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from apps.domain.frames import CandleArray
from apps.domain.indicators.registry import INDICATORS
from apps.domain.indicators.spec import Pane, Spec
from apps.domain.studies import Study
from apps.domain.timeframes import DAY
from apps.instruments.models import Instrument
from apps.marketdata.selectors import candles_load

NS_PER_MS: Final = 1_000_000
MAX_ROWS: Final = 2_000
SETTLE: Final = 16  # warm-ups until where an average began no longer shows
MAX_WARM_UP: Final = 6_000
SPARK_POINTS: Final = 48


def history_load(
    instrument: Instrument, timeframe: int, indicators: Sequence[str], before_ms: int | None, limit: int
) -> dict[str, Any]:
    """The newest `limit` closed candles that start before `before_ms`, oldest first, with final indicator values.

    `rows`: start ms, open, high, low, close, volume, final (always 1), then one value a column (NaN while warming
    up). `sessions`: ms at which a trading session among them opened. `more`: whether older ones may be there.
    Raises BadInput where an indicator cannot be read.
    """
    study = Study(indicators)
    limit = max(1, min(limit, MAX_ROWS))
    wanted = limit + min(SETTLE * study.warm_up, MAX_WARM_UP)
    before_ns = None if before_ms is None else before_ms * NS_PER_MS
    candles = candles_load(instrument=instrument.number, timeframe=timeframe, limit=wanted, before_ns=before_ns)
    values = study.close(candles)[-limit:]
    shown = candles[-limit:]
    return {
        "instrument": instrument.number,
        "timeframe": timeframe,
        "columns": list(study.labels),
        "rows": _rows(shown, values),
        "sessions": [] if timeframe >= DAY else (np.unique(shown["session_ns"]) // NS_PER_MS).tolist(),
        "more": len(candles) >= limit,
    }


def _rows(candles: CandleArray, values: np.ndarray[Any, Any]) -> list[list[Any]]:
    starts = (candles["start_ns"] // NS_PER_MS).tolist()
    prices = np.column_stack([candles[name] for name in ("open", "high", "low", "close", "volume")]).tolist()
    return [[at, *told, 1, *more] for at, told, more in zip(starts, prices, values.tolist(), strict=True)]


def spark_path(values: Sequence[float], width: float = 100, height: float = 24, pad: float = 2) -> str:
    """An SVG path through the values, left to right, over the whole box; empty below two values."""
    if len(values) < 2:
        return ""
    low, high = min(values), max(values)
    span = (high - low) or 1.0
    step = width / (len(values) - 1)
    points = (
        f"{place * step:.1f} {height - pad - (value - low) / span * (height - 2 * pad):.1f}"
        for place, value in enumerate(values)
    )
    return "M" + "L".join(points)


def closes_load(instrument: int, timeframe: int = 60, points: int = SPARK_POINTS) -> list[float]:
    """The last closes, oldest first."""
    return candles_load(instrument=instrument, timeframe=timeframe, limit=points)["close"].tolist()  # type: ignore[no-any-return]


def catalogue() -> list[dict[str, Any]]:
    """Every indicator as its form and its drawing need it, in the registry's order."""
    return [_described(spec) for spec in INDICATORS.values()]


def _described(spec: Spec) -> dict[str, Any]:
    return {
        "name": spec.name,
        "title": spec.title,
        "overlay": spec.pane is Pane.OVERLAY,
        "source": spec.source,
        "params": [
            {
                "name": each.name,
                "default": each.default,
                "low": each.low,
                "high": each.high,
                "step": each.step,
                "help": each.help,
            }
            for each in spec.params
        ],
        "outputs": [{"name": each.name, "draw": each.draw.value} for each in spec.outputs],
    }
