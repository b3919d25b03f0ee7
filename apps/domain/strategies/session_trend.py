"""Session trend continuation: join the trend of a longer timeframe inside one trading session, flat at its end."""

from __future__ import annotations

from apps.domain.errors import BadInput
from apps.domain.messages import Fill
from apps.domain.sessions import WINDOWS
from apps.domain.strategies.base import CandleView, Context, Param, Setup, Strategy
from apps.domain.timeframes import timeframe_name, timeframe_parse

SECOND = 1_000_000_000


class SessionTrend(Strategy):
    """For US30 and XAUUSD: trend from above, entry on continuation, ATR stop and target, no night risk.

    Trend: on the longer timeframe the close is above (below) its EMA and the EMA rises (falls).
    Entry: inside the named session, after its first `settle` candles, a candle of the run's timeframe
    closes beyond the range of the `breakout` candles before it, in the direction of the trend and on
    that side of its own EMA. Exit: stop and target in ATR, one cancelling the other, and shortly
    before the session's end in any case. At most `trades` entries a session.
    """

    key = "session_trend"
    title = "Session trend continuation"
    params = (
        Param("session", "new_york", "Trading session", choices=tuple(WINDOWS)),
        Param("trend_timeframe", "1h", "Timeframe the trend is read from", choices=("15m", "30m", "1h", "4h")),
        Param("trend", 20, "Period of the trend's EMA", 2, 200, 1),
        Param("breakout", 6, "Candles whose range must be left", 1, 100, 1),
        Param("settle", 2, "Candles to wait after the session opens", 0, 50, 1),
        Param("atr", 14, "Period of the ATR, candles of the run's timeframe", 2, 200, 1),
        Param("stop_atr", 1.5, "Stop distance in ATR", 0.2, 20, 0.1),
        Param("target_atr", 3.0, "Target distance in ATR", 0.2, 50, 0.1),
        Param("flat", 1, "Candles before the session's end to be out: a venue may close with it", 0, 50, 1),
        Param("trades", 2, "Entries a session at most", 1, 20, 1),
    )

    def setup(self, setup: Setup) -> None:
        above = timeframe_parse(self.p.trend_timeframe)
        if above <= setup.timeframe:
            raise BadInput(
                f"the trend's timeframe {self.p.trend_timeframe} must be longer than the run's "
                f"{timeframe_name(setup.timeframe)}",
                field="trend_timeframe",
            )
        self.above = above
        self.trend = setup.indicator(f"ema({self.p.trend})", timeframe=above)
        self.mean = setup.indicator(f"ema({self.p.trend})")
        self.upper = setup.indicator(f"donchian({self.p.breakout})", output="upper")
        self.lower = setup.indicator(f"donchian({self.p.breakout})", output="lower")
        self.atr = setup.indicator(f"atr({self.p.atr})")
        setup.candles(above)
        self.state = {"direction": 0, "session": 0, "entries": 0, "risk": 0.0}

    def on_candle(self, ctx: Context, candle: CandleView) -> None:
        if candle.timeframe == self.above:
            self._read_trend(candle.close)
            return
        window = ctx.window(self.p.session)
        if window is None:
            return
        if window[0] != self.state["session"]:
            self.state.update(session=window[0], entries=0)
            ctx.timer(self._leave_ns(window, ctx.timeframe), "session end")
        settled = candle.start_ns >= window[0] + self.p.settle * ctx.timeframe * SECOND
        in_time = ctx.now_ns < self._leave_ns(window, ctx.timeframe)
        if settled and in_time and ctx.position == 0 and not ctx.orders and self.state["entries"] < self.p.trades:
            self._enter(ctx, candle.close)

    def _leave_ns(self, window: tuple[int, int], timeframe: int) -> int:
        return int(window[1] - self.p.flat * timeframe * SECOND)

    def _read_trend(self, close: float) -> None:
        slope = self.trend.now - self.trend.ago(1)
        side = close - self.trend.now
        self.state["direction"] = 1 if slope > 0 and side > 0 else -1 if slope < 0 and side < 0 else 0

    def _enter(self, ctx: Context, close: float) -> None:
        direction, atr = self.state["direction"], self.atr.now
        if not atr > 0:
            return
        if direction > 0 and close > self.upper.ago(1) and close > self.mean.now:
            self.state.update(entries=self.state["entries"] + 1, risk=atr)
            ctx.buy(tag="continuation up")
        elif direction < 0 and close < self.lower.ago(1) and close < self.mean.now:
            self.state.update(entries=self.state["entries"] + 1, risk=atr)
            ctx.sell(tag="continuation down")

    def on_fill(self, ctx: Context, fill: Fill) -> None:
        if ctx.position == 0:
            ctx.cancel_all()
        elif fill.side.sign * ctx.position > 0:  # the position grew: bracket all of it
            ctx.cancel_all()
            self._bracket(ctx)

    def _bracket(self, ctx: Context) -> None:
        price, atr = ctx.entry_price, self.state["risk"]
        stop, target, group = self.p.stop_atr * atr, self.p.target_atr * atr, f"bracket-{self.state['entries']}"
        if ctx.position > 0:
            ctx.sell(ctx.position, stop=price - stop, exit=True, oco=group, tag="stop")
            ctx.sell(ctx.position, limit=price + target, exit=True, oco=group, tag="target")
        else:
            ctx.buy(-ctx.position, stop=price + stop, exit=True, oco=group, tag="stop")
            ctx.buy(-ctx.position, limit=price - target, exit=True, oco=group, tag="target")

    def on_timer(self, ctx: Context, name: str) -> None:
        ctx.cancel_all()
        ctx.close(tag=name)
