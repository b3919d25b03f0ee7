"""The strategies that ship, by key. Forms, the API and the backtest command choose from this table."""

from apps.domain.strategies.base import Context, Param, Setup, Strategy, params_parse
from apps.domain.strategies.donchian_breakout import DonchianBreakout
from apps.domain.strategies.ema_cross import EmaCross
from apps.domain.strategies.rsi_reversion import RsiReversion
from apps.domain.strategies.session_trend import SessionTrend
from apps.domain.strategies.sma_cross import SmaCross

STRATEGIES: dict[str, type[Strategy]] = {
    cls.key: cls for cls in (EmaCross, RsiReversion, DonchianBreakout, SessionTrend, SmaCross)
}

__all__ = ["STRATEGIES", "Context", "Param", "Setup", "Strategy", "params_parse"]
