"""SMA cross with all cash: the classic textbook backtest, kept as a known answer."""

from __future__ import annotations

from apps.domain.errors import BadInput
from apps.domain.strategies.base import CandleView, Context, Param, Setup, Strategy


class SmaCross(Strategy):
    """Always in the market with all free equity, in whole lots, reversed when two plain averages cross.

    The size is found at the fill's price, which only the simulated venue can do: backtests only.
    """

    key = "sma_cross"
    title = "SMA cross, all cash"
    default_timeframe = "1d"
    params = (
        Param("fast", 10, "Period of the fast average, candles", 2, 400, 1),
        Param("slow", 20, "Period of the slow average, candles", 3, 1000, 1),
        Param("share", 1.0, "Share of free equity put into each trade", 0.01, 1.0, 0.01),
    )

    def setup(self, setup: Setup) -> None:
        if self.p.fast >= self.p.slow:
            raise BadInput(f"fast ({self.p.fast}) must be smaller than slow ({self.p.slow})", field="fast")
        self.fast = setup.indicator(f"sma({self.p.fast})")
        self.slow = setup.indicator(f"sma({self.p.slow})")

    def on_candle(self, ctx: Context, candle: CandleView) -> None:
        fast, slow = self.fast.now, self.slow.now
        if self.fast.ago(1) < self.slow.ago(1) and fast > slow:
            ctx.close(tag="cross up")
            ctx.buy(cash_fraction=self.p.share, tag="cross up")
        elif self.fast.ago(1) > self.slow.ago(1) and fast < slow:
            ctx.close(tag="cross down")
            ctx.sell(cash_fraction=self.p.share, tag="cross down")
