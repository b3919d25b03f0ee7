"""RSI reversion: buy what has fallen too fast, sell it when it has risen too fast."""

from __future__ import annotations

from apps.domain.errors import BadInput
from apps.domain.strategies.base import CandleView, Context, Param, Setup, Strategy


class RsiReversion(Strategy):
    """Long below `low`, out above `high`; with `short` also the mirror image. Wilder's RSI of closes."""

    key = "rsi_reversion"
    title = "RSI reversion"
    params = (
        Param("period", 14, "Period of the RSI, candles", 2, 200, 1),
        Param("low", 30.0, "Buy when the RSI falls below this", 1, 50, 1),
        Param("high", 70.0, "Leave (or sell) when the RSI rises above this", 50, 99, 1),
        Param("short", False, "Also sell short above `high` and buy back below `low`"),
    )

    def setup(self, setup: Setup) -> None:
        if self.p.low >= self.p.high:
            raise BadInput(f"low ({self.p.low:g}) must be smaller than high ({self.p.high:g})", field="low")
        self.rsi = setup.indicator(f"rsi({self.p.period})")

    def on_candle(self, ctx: Context, candle: CandleView) -> None:
        rsi = self.rsi.now
        if rsi < self.p.low and ctx.position <= 0 and not ctx.orders:
            ctx.close(tag="oversold")
            ctx.buy(tag="oversold")
        elif rsi > self.p.high and ctx.position >= 0 and not ctx.orders:
            ctx.close(tag="overbought")
            if self.p.short:
                ctx.sell(tag="overbought")
