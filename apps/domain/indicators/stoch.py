"""Stochastic oscillator: where the close lies between lowest low and highest high, smoothed twice, 0..100.

%K is SMA(smooth) of the raw value, %D is SMA(signal) of %K, as TA-Lib's STOCH. In a flat range the raw value is
50 (neutral; TA-Lib says 0). Source: Lane, 1984.
"""

from math import nan

from apps.domain.indicators.compiled import Step, at
from apps.domain.indicators.parts import highest, highest_size, lowest, share, total, total_size
from apps.domain.indicators.spec import Output, Pane, Spec, period


@Step
def step(s, p, o, h, l, c, v, start_ns, session_ns, out, commit):  # type: ignore[no-untyped-def]
    n = int(p[0])
    low, slow, signal = 2 + n, 4 + 2 * n, 7 + 2 * n + int(p[1])
    out[0] = nan
    out[1] = nan
    top = highest(s, p[0], h, commit)
    bottom = lowest(at(s, low), p[0], l, commit)
    if top == top:
        k = total(at(s, slow), p[1], 100.0 * share(c - bottom, top - bottom, 0.5), commit) / p[1]
        out[0] = k
        if k == k:
            out[1] = total(at(s, signal), p[2], k, commit) / p[2]


SPEC = Spec(
    name="stoch",
    title="Stochastic oscillator",
    params=(
        period(14),
        period(3, name="smooth", help="raw values %K averages"),
        period(3, name="signal", help="%K values %D averages"),
    ),
    inputs=("high", "low", "close"),
    outputs=(Output("k"), Output("d")),
    pane=Pane.OWN,
    warm_up=lambda n, smooth, signal: int(n + smooth + signal) - 2,
    state=lambda n, smooth, signal: 2 * highest_size(n) + total_size(smooth) + total_size(signal),
    step=step,
    source="100 (close - lowest) / (highest - lowest), averaged by `smooth`, then by `signal`",
)
