"""Donchian breakout: buy a new high, leave at a shorter channel's low (the turtles' rule)."""

from __future__ import annotations

from apps.domain.errors import BadInput
from apps.domain.messages import Fill
from apps.domain.strategies.base import CandleView, Context, Param, Setup, Strategy


class DonchianBreakout(Strategy):
    """Enter when a candle closes beyond the channel of the candles before it; a stop rides on ATR.

    Source: the turtle rules (Donchian's channels of 20 and 10 days, stops of two ATR), on any timeframe.
    """

    key = "donchian_breakout"
    title = "Donchian breakout"
    params = (
        Param("entry", 20, "Candles of the entry channel", 2, 500, 1),
        Param("exit", 10, "Candles of the exit channel", 2, 500, 1),
        Param("atr", 14, "Period of the ATR behind the stop", 2, 200, 1),
        Param("stop_atr", 2.0, "Stop distance in ATR", 0.2, 20, 0.1),
        Param("short", True, "Also sell short below the channel"),
    )

    def setup(self, setup: Setup) -> None:
        if self.p.exit > self.p.entry:
            raise BadInput(
                f"the exit channel ({self.p.exit}) must not be longer than the entry channel ({self.p.entry})",
                field="exit",
            )
        self.upper = setup.indicator(f"donchian({self.p.entry})", output="upper")
        self.lower = setup.indicator(f"donchian({self.p.entry})", output="lower")
        self.exit_upper = setup.indicator(f"donchian({self.p.exit})", output="upper")
        self.exit_lower = setup.indicator(f"donchian({self.p.exit})", output="lower")
        self.atr = setup.indicator(f"atr({self.p.atr})")

    def on_candle(self, ctx: Context, candle: CandleView) -> None:
        close, position = candle.close, ctx.position
        if (position > 0 and close < self.exit_lower.ago(1)) or (position < 0 and close > self.exit_upper.ago(1)):
            self._leave(ctx)
        elif position == 0 and not ctx.orders and self.atr.now > 0:
            if close > self.upper.ago(1):
                self.state["risk"] = self.atr.now * self.p.stop_atr
                ctx.buy(tag="breakout up")
            elif self.p.short and close < self.lower.ago(1):
                self.state["risk"] = self.atr.now * self.p.stop_atr
                ctx.sell(tag="breakout down")

    def on_fill(self, ctx: Context, fill: Fill) -> None:
        if ctx.position == 0:
            ctx.cancel_all()
        elif fill.side.sign * ctx.position > 0:  # the position grew: protect all of it
            ctx.cancel_all()
            risk = self.state["risk"]
            if ctx.position > 0:
                ctx.sell(ctx.position, stop=ctx.entry_price - risk, exit=True, tag="stop")
            else:
                ctx.buy(-ctx.position, stop=ctx.entry_price + risk, exit=True, tag="stop")

    def _leave(self, ctx: Context) -> None:
        ctx.cancel_all()
        ctx.close(tag="channel exit")
