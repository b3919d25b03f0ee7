"""What a run was worth: round trips from fills, an equity curve, and numbers that say where they come from.

Floats: these are measures, no money changes hands. Definitions follow backtesting.py 0.6.6 wherever it
defines the same thing, so that results can be laid side by side; `profit_factor_money` is the one most
people expect and is given beside theirs, which is over returns.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from apps.domain.messages import ZERO, Fill, Instrument
from apps.domain.positions import LotQueue, RoundTrip, signed

DAY_NS: Final = 86_400 * 1_000_000_000
YEAR_DAYS: Final = 365.25
Floats = NDArray[np.float64]
Times = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Stat:
    """One number. `unit`: '%', 'money', 'days' or '' for plain numbers; NaN where it is not defined."""

    name: str
    value: float
    unit: str
    definition: str


@dataclass(frozen=True, slots=True)
class Curve:
    """Equity at the end of each candle. `start_ns`: starts of the candles, rising; `close`: for buy and hold."""

    start_ns: Times
    equity: Floats
    close: Floats


def round_trips(fills: Iterable[Fill], instruments: Mapping[int, Instrument]) -> list[RoundTrip]:
    """All closed trades, first in first out per instrument, in the order of their exits."""
    queues: dict[int, LotQueue] = {}
    trips: list[RoundTrip] = []
    for fill in fills:
        if fill.instrument not in queues:
            queues[fill.instrument] = LotQueue(instruments[fill.instrument])
        trips += queues[fill.instrument].apply(fill)
    return trips


def equity_curve(fills: Sequence[Fill], start_ns: Times, close: Floats, cash: float, instrument: Instrument) -> Curve:
    """Cash plus the position at each candle's close; a fill counts from the candle it falls in. One instrument."""
    paid, held = np.zeros(len(close)), np.zeros(len(close))
    rows = np.searchsorted(start_ns, np.array([fill.at_ns for fill in fills], np.int64), "right") - 1
    for row, fill in zip(np.maximum(rows, 0), fills, strict=True):
        qty = signed(fill)
        paid[row] += float(qty * fill.price * instrument.multiplier + fill.fee)
        held[row] += float(qty)
    equity = cash - np.cumsum(paid) + np.cumsum(held) * close * float(instrument.multiplier)
    return Curve(start_ns, equity, close)


def statistics(trips: Sequence[RoundTrip], curve: Curve, fees: float = 0.0, warmup: int = 0) -> list[Stat]:
    """Every number of a run. `fees`: all that was paid, open trades included; `warmup`: candles before the
    strategy could act, from where buy and hold is counted. Raises ValueError on an empty curve."""
    if not len(curve.equity):
        raise ValueError("there is no equity curve without candles")
    return [*_curve_stats(curve, warmup), *_risk_stats(curve), *_trip_stats(trips, curve, fees)]


def _curve_stats(curve: Curve, warmup: int) -> list[Stat]:
    equity, close = curve.equity, curve.close
    drawdown, longest = _drawdown(curve)
    fall = np.maximum.accumulate(equity) - equity
    held = (close[-1] / close[warmup] - 1) * 100 if warmup < len(close) else np.nan
    return [
        Stat("equity_final", equity[-1], "money", "cash plus positions at the last close"),
        Stat("equity_peak", equity.max(), "money", "highest equity at any candle's close"),
        Stat("return_pct", (equity[-1] / equity[0] - 1) * 100, "%", "last equity over the first, less one"),
        Stat("buy_hold_return_pct", held, "%", "last close over the close of the first candle after warm-up, less one"),
        Stat("max_drawdown_pct", -drawdown.max() * 100, "%", "deepest fall of equity below its highest so far"),
        Stat("max_drawdown", -fall.max(), "money", "largest amount equity fell below its highest so far"),
        Stat("max_drawdown_days", longest, "days", "longest time from one peak of equity to the next, or to the end"),
    ]


def _drawdown(curve: Curve) -> tuple[Floats, float]:
    """(fall below the running peak as a fraction, days of the longest one)."""
    drawdown: Floats = 1 - curve.equity / np.maximum.accumulate(curve.equity)
    peaks = np.unique(np.r_[np.flatnonzero(drawdown == 0), len(drawdown) - 1])
    apart = np.flatnonzero(np.diff(peaks) > 1)
    if not len(apart):
        return drawdown, 0.0
    times = curve.start_ns[peaks]
    return drawdown, float((times[apart + 1] - times[apart]).max() / DAY_NS)


def _daily_returns(curve: Curve) -> Floats:
    """Change of equity from the last candle of one UTC day to that of the next day with candles."""
    days = curve.start_ns // DAY_NS
    last = np.flatnonzero(np.r_[days[1:] != days[:-1], True])
    equity = curve.equity[last]
    returns: Floats = equity[1:] / equity[:-1] - 1
    return returns


def _trading_days(curve: Curve) -> int:
    """Days a year: 365 where at least 60 % of the usual share of candles falls on weekends, else 252."""
    weekday = (curve.start_ns // DAY_NS + 3) % 7  # 1 January 1970 was a Thursday
    return 365 if np.isin(weekday, (5, 6)).mean() > 2 / 7 * 0.6 else 252


def _risk_stats(curve: Curve) -> list[Stat]:
    returns, days = _daily_returns(curve), _trading_days(curve)
    mean = _geometric_mean(returns)
    yearly = (1 + mean) ** days - 1
    variance = returns.var(ddof=1) if len(returns) > 1 else np.nan
    with np.errstate(invalid="ignore"):  # too few days: not defined
        volatility = np.sqrt((variance + (1 + mean) ** 2) ** days - (1 + mean) ** (2 * days))
    downside = np.sqrt(np.mean(np.minimum(returns, 0) ** 2)) * np.sqrt(days) if len(returns) else np.nan
    years = (curve.start_ns[-1] - curve.start_ns[0]) / DAY_NS / YEAR_DAYS
    growth = max(curve.equity[-1] / curve.equity[0], 0.0)
    with np.errstate(over="ignore"):  # hours taken to the power of years: infinite
        cagr = growth ** (1 / years) - 1 if years else np.nan
    drawdown = _drawdown(curve)[0].max()
    return [
        Stat("cagr_pct", cagr * 100, "%", "last equity over the first, to the power of one over the years, less one"),
        Stat("annual_return_pct", yearly * 100, "%", f"geometric mean of daily returns, compounded over {days} days"),
        Stat("volatility_pct", volatility * 100, "%", f"deviation of daily returns, compounded over {days} days"),
        Stat("sharpe", _ratio(yearly, volatility), "", "annual return over annual volatility; risk-free rate 0"),
        Stat("sortino", _ratio(yearly, downside), "", "annual return over the annualised root mean square of losses"),
        Stat("calmar", _ratio(yearly, drawdown), "", "annual return over the maximal drawdown"),
    ]


def _trip_stats(trips: Sequence[RoundTrip], curve: Curve, fees: float) -> list[Stat]:
    returns = np.array([trip.return_ for trip in trips])
    pnl = np.array([float(trip.pnl) for trip in trips])
    best, worst = (returns.max(), returns.min()) if trips else (np.nan, np.nan)
    return [
        Stat("trades", len(trips), "", "round trips, first in first out; a part close is a trade of its own"),
        Stat("win_rate_pct", _mean(pnl > 0) * 100, "%", "share of trades with a profit after fees"),
        Stat("profit_factor", _gain_over_loss(returns), "", "sum of winning returns over sum of losing returns"),
        Stat("profit_factor_money", _gain_over_loss(pnl), "", "sum of profits over sum of losses, after fees"),
        Stat("expectancy_pct", _mean(returns) * 100, "%", "mean return of a trade after fees"),
        Stat("expectancy", _mean(pnl), "money", "mean profit of a trade after fees"),
        Stat("best_trade_pct", best * 100, "%", "highest return of a trade on its entry value, after fees"),
        Stat("worst_trade_pct", worst * 100, "%", "lowest return of a trade on its entry value, after fees"),
        Stat("exposure_pct", _exposure(trips, curve) * 100, "%", "share of candles with a closed trade's position"),
        Stat("net_profit", float(sum((trip.pnl for trip in trips), ZERO)), "money", "profit of all trades after fees"),
        Stat("fees", fees, "money", "fees of all fills"),
    ]


def _exposure(trips: Sequence[RoundTrip], curve: Curve) -> float:
    """Share of candles from the one of an entry to the one of its exit, both counted."""
    change = np.zeros(len(curve.start_ns) + 1)
    for trip in trips:
        entry, leave = np.searchsorted(curve.start_ns, (trip.entry_ns, trip.exit_ns), "right") - 1
        change[max(entry, 0)] += 1
        change[max(leave, 0) + 1] -= 1
    return float((np.cumsum(change[:-1]) > 0).mean())


def _geometric_mean(returns: Floats) -> float:
    growth = returns + 1
    if not len(growth) or np.any(growth <= 0):
        return 0.0
    return float(np.exp(np.log(growth).mean()) - 1)


def _gain_over_loss(results: Floats) -> float:
    return _ratio(results[results > 0].sum(), -results[results < 0].sum())


def _mean(values: NDArray[np.float64] | NDArray[np.bool_]) -> float:
    return float(values.mean()) if len(values) else float("nan")


def _ratio(top: float, bottom: float) -> float:
    return float(top / bottom) if bottom else float("nan")
