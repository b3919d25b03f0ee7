"""EMA cross: long while the fast average is above the slow one, short (or flat) while below."""

from __future__ import annotations

from apps.domain.errors import BadInput
from apps.domain.strategies.base import CandleView, Context, Param, Setup, Strategy


class EmaCross(Strategy):
    """Trend following at its plainest: reverse when two exponential averages of the close cross."""

    key = "ema_cross"
    title = "EMA cross"
    params = (
        Param("fast", 20, "Period of the fast average, candles", 2, 400, 1),
        Param("slow", 50, "Period of the slow average, candles", 3, 1000, 1),
        Param("short", True, "Sell short on a cross down; otherwise only leave the long position"),
    )

    def setup(self, setup: Setup) -> None:
        if self.p.fast >= self.p.slow:
            raise BadInput(f"fast ({self.p.fast}) must be smaller than slow ({self.p.slow})", field="fast")
        self.fast = setup.indicator(f"ema({self.p.fast})")
        self.slow = setup.indicator(f"ema({self.p.slow})")

    def on_candle(self, ctx: Context, candle: CandleView) -> None:
        now = self.fast.now - self.slow.now
        before = self.fast.ago(1) - self.slow.ago(1)
        if before <= 0 < now:
            self._turn(ctx, up=True)
        elif before >= 0 > now:
            self._turn(ctx, up=False)

    def _turn(self, ctx: Context, *, up: bool) -> None:
        ctx.cancel_all()
        if (ctx.position < 0) if up else (ctx.position > 0):
            ctx.close(tag="cross up" if up else "cross down")
        if up:
            ctx.buy(tag="cross up")
        elif self.p.short:
            ctx.sell(tag="cross down")
