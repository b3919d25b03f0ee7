"""For every indicator an answer that is not ours: TA-Lib, pandas-ta, or the formula written out slowly.

Each takes candles and gives (n, outputs) at the default parameters. `skip`: rows at the start where seeds differ on
purpose (the indicator's docstring says so); `rtol` relative to the size of the values.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pandas_ta
import talib
from numpy.typing import NDArray

from apps.domain.frames import CandleArray

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Reference:
    answer: Callable[[CandleArray], Values]
    source: str
    skip: int = 0
    rtol: float = 1e-9


def prices(candles: CandleArray, *fields: str) -> list[Values]:
    return [np.ascontiguousarray(candles[field]) for field in fields]


def columns(*found: Values) -> Values:
    return np.column_stack([np.asarray(one, dtype=float) for one in found])


def over(window: Callable[[Values], float], series: Values, n: int) -> Values:
    """A function of each window of n values, worked out afresh each time."""
    answer = np.full(len(series), np.nan)
    for i in range(n - 1, len(series)):
        answer[i] = window(series[i - n + 1 : i + 1])
    return answer


def ta(function: Callable[..., object], *fields: str, **params: float) -> Callable[[CandleArray], Values]:
    def answer(candles: CandleArray) -> Values:
        found = function(*prices(candles, *fields), **params)
        return columns(*(found if isinstance(found, tuple) else (found,)))

    return answer


def smoothed(series: Values, n: int, k: float) -> Values:
    """Exponential average seeded with the mean of the first n values that are there."""
    answer = np.full(len(series), np.nan)
    first = int(np.argmax(~np.isnan(series)))
    if len(series) >= first + n:
        answer[first + n - 1] = series[first : first + n].mean()
        for i in range(first + n, len(series)):
            answer[i] = answer[i - 1] + k * (series[i] - answer[i - 1])
    return answer


def ranges(candles: CandleArray) -> Values:
    high, low, close = prices(candles, "high", "low", "close")
    answer = np.full(len(close), np.nan)
    for i in range(1, len(close)):
        answer[i] = max(high[i], close[i - 1]) - min(low[i], close[i - 1])
    return answer


def macd(candles: CandleArray) -> Values:
    close = candles["close"]
    line = smoothed(close, 12, 2 / 13) - smoothed(close, 26, 2 / 27)
    signal = smoothed(line, 9, 0.2)
    return columns(line, signal, line - signal)


def hma(candles: CandleArray) -> Values:
    return columns(pandas_ta.hma(pd.Series(candles["close"]), 20, talib=False))


def raw_stochastic(high: Values, low: Values, close: Values, n: int) -> Values:
    top, bottom = over(np.max, high, n), over(np.min, low, n)
    with np.errstate(invalid="ignore"):
        return np.where(top == bottom, 50.0, 100 * (close - bottom) / (top - bottom))


def stoch(candles: CandleArray) -> Values:
    k = over(np.mean, raw_stochastic(*prices(candles, "high", "low", "close"), 14), 3)
    return columns(k, over(np.mean, k, 3))


def rsi(candles: CandleArray) -> Values:
    change = np.diff(candles["close"], prepend=np.nan)
    rise, fall = smoothed(np.maximum(change, 0), 14, 1 / 14), smoothed(np.maximum(-change, 0), 14, 1 / 14)
    with np.errstate(invalid="ignore"):
        return np.where(rise + fall == 0, 50.0, 100 * rise / (rise + fall))


def stochrsi(candles: CandleArray) -> Values:
    strength = rsi(candles)
    k = over(np.mean, raw_stochastic(strength, strength, strength, 14), 3)
    return columns(k, over(np.mean, k, 3))


def willr(candles: CandleArray) -> Values:
    return columns(raw_stochastic(*prices(candles, "high", "low", "close"), 14) - 100)


def cci(candles: CandleArray) -> Values:
    typical = (candles["high"] + candles["low"] + candles["close"]) / 3

    def window(w: Values) -> float:
        if w.min() == w.max():
            return 0.0
        return float((w[-1] - w.mean()) / (0.015 * np.abs(w - w.mean()).mean()))

    return columns(over(window, typical, 20))


def keltner(candles: CandleArray) -> Values:
    middle, reach = smoothed(candles["close"], 20, 2 / 21), 2 * smoothed(ranges(candles), 10, 0.1)
    return columns(middle + reach, middle, middle - reach)


def donchian(candles: CandleArray) -> Values:
    top, bottom = over(np.max, candles["high"], 20), over(np.min, candles["low"], 20)
    return columns(top, (top + bottom) / 2, bottom)


def zscore(candles: CandleArray) -> Values:
    def window(w: Values) -> float:
        return 0.0 if w.min() == w.max() else float((w[-1] - w.mean()) / w.std())

    return columns(over(window, candles["close"], 20))


def bbands(candles: CandleArray) -> Values:
    middle = over(np.mean, candles["close"], 20)
    reach = 2 * over(lambda w: 0.0 if w.min() == w.max() else float(w.std()), candles["close"], 20)
    return columns(middle + reach, middle, middle - reach)


def stddev(candles: CandleArray) -> Values:
    return columns(over(lambda w: 0.0 if w.min() == w.max() else float(w.std()), candles["close"], 20))


def adx(candles: CandleArray) -> Values:
    given = prices(candles, "high", "low", "close")
    return columns(*(function(*given, timeperiod=14) for function in (talib.ADX, talib.PLUS_DI, talib.MINUS_DI)))


def supertrend(candles: CandleArray) -> Values:
    """TradingView's script, line by line (its direction is -1 for up)."""
    high, low, close = prices(candles, "high", "low", "close")
    reach = 3 * smoothed(ranges(candles), 10, 0.1)
    line, way = np.full(len(close), np.nan), np.full(len(close), np.nan)
    upper_before = lower_before = np.nan
    for i in range(10, len(close)):
        upper, lower = (high[i] + low[i]) / 2 + reach[i], (high[i] + low[i]) / 2 - reach[i]
        if i > 10:
            lower = lower if lower > lower_before or close[i - 1] < lower_before else lower_before
            upper = upper if upper < upper_before or close[i - 1] > upper_before else upper_before
        if i == 10:
            way[i] = -1
        elif line[i - 1] == upper_before:
            way[i] = 1 if close[i] > upper else -1
        else:
            way[i] = -1 if close[i] < lower else 1
        line[i] = lower if way[i] == 1 else upper
        upper_before, lower_before = upper, lower
    return columns(line, way)


def psar(candles: CandleArray) -> Values:
    """TA-Lib's line; the side is where the line lies: it is never inside the candle unless it has just turned."""
    high, low = prices(candles, "high", "low")
    line = talib.SAR(high, low, acceleration=0.02, maximum=0.2)
    return columns(line, np.where(np.isnan(line), np.nan, np.where(line >= high, -1.0, 1.0)))


def ichimoku(candles: CandleArray) -> Values:
    def middle(n: int) -> Values:
        return (over(np.max, candles["high"], n) + over(np.min, candles["low"], n)) / 2

    return columns(middle(9), middle(26), (middle(9) + middle(26)) / 2, middle(52), candles["close"])


def aroon(candles: CandleArray) -> Values:
    down, up = talib.AROON(*prices(candles, "high", "low"), timeperiod=14)
    return columns(up, down, talib.AROONOSC(*prices(candles, "high", "low"), timeperiod=14))


def vwap(candles: CandleArray) -> Values:
    table = pd.DataFrame({"session": candles["session_ns"], "volume": candles["volume"]})
    table["money"] = (candles["high"] + candles["low"] + candles["close"]) / 3 * candles["volume"]
    sums = table.groupby("session")[["money", "volume"]].cumsum()
    return columns(sums["money"] / sums["volume"])


def mfi(candles: CandleArray) -> Values:
    typical = (candles["high"] + candles["low"] + candles["close"]) / 3
    change, money = np.diff(typical, prepend=np.nan), typical * candles["volume"]
    inflow = over(np.sum, np.where(np.isnan(change), np.nan, money * (change > 0)), 14)
    outflow = over(np.sum, np.where(np.isnan(change), np.nan, money * (change < 0)), 14)
    with np.errstate(invalid="ignore"):
        return np.where(inflow + outflow == 0, 50.0, 100 * inflow / (inflow + outflow))[:, None]


def cmf(candles: CandleArray) -> Values:
    high, low, close, volume = prices(candles, "high", "low", "close", "volume")
    with np.errstate(invalid="ignore"):
        flow = np.where(high == low, 0.0, (2 * close - high - low) / (high - low)) * volume
        return columns(over(np.sum, flow, 20) / over(np.sum, volume, 20))


def pivots(candles: CandleArray) -> Values:
    answer = np.full((len(candles), 7), np.nan)
    before = None
    for session in np.unique(candles["session_ns"]):
        mine = candles["session_ns"] == session
        if before is not None:
            high, low, close = before["high"].max(), before["low"].min(), before["close"][-1]
            p = (high + low + close) / 3
            answer[mine] = (
                p, 2 * p - low, p + high - low, high + 2 * (p - low),
                2 * p - high, p - high + low, low - 2 * (high - p),
            )  # fmt: skip
        before = candles[mine]
    return answer


def opening_range(candles: CandleArray) -> Values:
    answer = np.full((len(candles), 2), np.nan)
    inside = candles["start_ns"] - candles["session_ns"] < 15 * 60 * 10**9
    for session in np.unique(candles["session_ns"]):
        mine = candles["session_ns"] == session
        if (mine & inside).any():
            opening = candles[mine & inside]
            answer[mine & ~inside] = opening["high"].max(), opening["low"].min()
    return answer


HLC = ("high", "low", "close")

REFERENCES: dict[str, Reference] = {
    "sma": Reference(ta(talib.SMA, "close", timeperiod=20), "TA-Lib"),
    "ema": Reference(ta(talib.EMA, "close", timeperiod=20), "TA-Lib"),
    "wma": Reference(ta(talib.WMA, "close", timeperiod=20), "TA-Lib"),
    "dema": Reference(ta(talib.DEMA, "close", timeperiod=20), "TA-Lib"),
    "tema": Reference(ta(talib.TEMA, "close", timeperiod=20), "TA-Lib"),
    "hma": Reference(hma, "pandas-ta"),
    "kama": Reference(ta(talib.KAMA, "close", timeperiod=10), "TA-Lib"),
    "rma": Reference(lambda candles: columns(smoothed(candles["close"], 14, 1 / 14)), "formula"),
    "rsi": Reference(lambda candles: columns(rsi(candles)), "formula"),
    "macd": Reference(macd, "formula"),
    "stoch": Reference(stoch, "formula"),
    "stochrsi": Reference(stochrsi, "formula", rtol=1e-6),  # a quotient of small differences of RSI
    "willr": Reference(willr, "formula"),
    "cci": Reference(cci, "formula"),
    "roc": Reference(ta(talib.ROC, "close", timeperiod=10), "TA-Lib"),
    "mom": Reference(ta(talib.MOM, "close", timeperiod=10), "TA-Lib"),
    "bbands": Reference(bbands, "formula"),
    "keltner": Reference(keltner, "formula"),
    "donchian": Reference(donchian, "formula"),
    "atr": Reference(ta(talib.ATR, *HLC, timeperiod=14), "TA-Lib"),
    "natr": Reference(ta(talib.NATR, *HLC, timeperiod=14), "TA-Lib"),
    "stddev": Reference(stddev, "formula"),
    "zscore": Reference(zscore, "formula"),
    "adx": Reference(adx, "TA-Lib"),
    "supertrend": Reference(supertrend, "TradingView's script"),
    "psar": Reference(psar, "TA-Lib"),
    "ichimoku": Reference(ichimoku, "formula"),
    "aroon": Reference(aroon, "TA-Lib"),
    "linreg_slope": Reference(ta(talib.LINEARREG_SLOPE, "close", timeperiod=14), "TA-Lib", rtol=1e-8),
    "vwap": Reference(vwap, "formula"),
    "obv": Reference(ta(talib.OBV, "close", "volume"), "TA-Lib"),
    "mfi": Reference(mfi, "formula"),
    "cmf": Reference(cmf, "formula"),
    "pivots": Reference(pivots, "formula"),
    "opening_range": Reference(opening_range, "formula"),
}

# Where a peer defines the same thing but says something else in flat stretches or at the start: told apart on
# recorded, moving prices, and after `skip` candles.
PEERS: dict[str, Reference] = {
    "rsi": Reference(ta(talib.RSI, "close", timeperiod=14), "TA-Lib"),
    "macd": Reference(ta(talib.MACD, "close"), "TA-Lib", skip=400),
    "stoch": Reference(ta(talib.STOCH, *HLC, fastk_period=14), "TA-Lib"),
    "willr": Reference(ta(talib.WILLR, *HLC, timeperiod=14), "TA-Lib"),
    "cci": Reference(ta(talib.CCI, *HLC, timeperiod=20), "TA-Lib"),
    "bbands": Reference(ta(talib.BBANDS, "close", timeperiod=20), "TA-Lib", rtol=1e-8),
    "stddev": Reference(ta(talib.STDDEV, "close", timeperiod=20), "TA-Lib", rtol=1e-5),  # TA-Lib subtracts squares
    "mfi": Reference(ta(talib.MFI, *HLC, "volume", timeperiod=14), "TA-Lib"),
    "cmf": Reference(lambda x: columns(pandas_ta.cmf(*map(pd.Series, prices(x, *HLC, "volume")))), "pandas-ta"),
    "donchian": Reference(
        lambda x: columns(*pandas_ta.donchian(*map(pd.Series, prices(x, "high", "low"))).to_numpy().T[::-1]),
        "pandas-ta",
    ),
    "stochrsi": Reference(
        lambda x: columns(*pandas_ta.stochrsi(pd.Series(x["close"])).to_numpy().T[:2]), "pandas-ta", rtol=1e-6
    ),
    "zscore": Reference(lambda x: columns(pandas_ta.zscore(pd.Series(x["close"]), 20)), "pandas-ta", rtol=1e-6),
}
