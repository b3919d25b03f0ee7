"""Stochastic RSI: where the RSI lies between its own lowest and highest of the last n, smoothed twice, 0..100.

As pandas-ta's stochrsi (TA-Lib's STOCHRSI does not smooth %K). A flat RSI gives 50. Source: Chande & Kroll, 1994.
"""

from math import nan

from apps.domain.indicators.compiled import Step, at
from apps.domain.indicators.parts import (
    highest,
    highest_size,
    lowest,
    share,
    strength,
    strength_size,
    total,
    total_size,
)
from apps.domain.indicators.spec import Output, Pane, Spec, period


@Step
def step(s, p, o, h, l, c, v, start_ns, session_ns, out, commit):  # type: ignore[no-untyped-def]
    n = int(p[1])
    high, low, slow, signal = 6, 8 + n, 10 + 2 * n, 13 + 2 * n + int(p[2])
    out[0] = nan
    out[1] = nan
    rsi = strength(s, p[0], p[4], c, commit)
    if rsi == rsi:
        top = highest(at(s, high), p[1], rsi, commit)
        bottom = lowest(at(s, low), p[1], rsi, commit)
        if top == top:
            k = total(at(s, slow), p[2], 100.0 * share(rsi - bottom, top - bottom, 0.5), commit) / p[2]
            out[0] = k
            if k == k:
                out[1] = total(at(s, signal), p[3], k, commit) / p[3]


SPEC = Spec(
    name="stochrsi",
    title="Stochastic RSI",
    params=(
        period(14, name="rsi", help="candles of the RSI"),
        period(14, help="RSI values looked at"),
        period(3, name="smooth", help="raw values %K averages"),
        period(3, name="signal", help="%K values %D averages"),
    ),
    inputs=("close",),
    outputs=(Output("k"), Output("d")),
    pane=Pane.OWN,
    warm_up=lambda rsi, n, smooth, signal: int(rsi + n + smooth + signal) - 2,
    state=lambda rsi, n, smooth, signal: (
        strength_size() + 2 * highest_size(n) + total_size(smooth) + total_size(signal)
    ),
    step=step,
    source="100 (rsi - lowest rsi) / (highest rsi - lowest rsi), averaged by `smooth`, then by `signal`",
    constants=lambda rsi, n, smooth, signal: (1.0 / rsi,),
)
