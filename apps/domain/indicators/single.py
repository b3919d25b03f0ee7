"""One indicator as an object: feed it candles, read its values."""

from __future__ import annotations

import numpy as np

from apps.domain.indicators.kernels import candle_rows
from apps.domain.indicators.layout import Layout
from apps.domain.indicators.registry import request


class Indicator:
    """`Indicator("ema", period=20)`: one candle at a time, the same numbers as everywhere else.

    `update` takes a closed candle, `peek` one that still forms and changes nothing. Both give the outputs by
    name, or None while one of them has no value. Open, high and low default to the close.
    """

    def __init__(self, name: str, *values: float, **named: float) -> None:
        self.request = request(name, *values, **named)
        self._layout = Layout([self.request])
        self._state = np.zeros(self._layout.size)

    def update(
        self, close: float, *, open: float | None = None, high: float | None = None, low: float | None = None,
        volume: float = 0.0, start_ns: int = 0, session_ns: int = 0,
    ) -> dict[str, float] | None:  # fmt: skip
        return self._run(open, high, low, close, volume, start_ns, session_ns, 1)

    def peek(
        self, close: float, *, open: float | None = None, high: float | None = None, low: float | None = None,
        volume: float = 0.0, start_ns: int = 0, session_ns: int = 0,
    ) -> dict[str, float] | None:  # fmt: skip
        return self._run(open, high, low, close, volume, start_ns, session_ns, 0)

    def _run(
        self, open: float | None, high: float | None, low: float | None, close: float, volume: float,
        start_ns: int, session_ns: int, commit: int,
    ) -> dict[str, float] | None:  # fmt: skip
        o, h, l = (close if price is None else price for price in (open, high, low))
        out = np.empty(self._layout.width)
        prices, times = np.array([[o, h, l, close, volume]], np.float64), np.array([[start_ns, session_ns]], np.int64)
        candle_rows(self._layout.plan, self._layout.params, self._state, prices, times, out, self._layout.width, commit)
        if np.isnan(out).any():
            return None
        return {output.name: float(value) for output, value in zip(self.request.spec.outputs, out, strict=True)}
