"""Kaufman's adaptive moving average: y += k * (close - y), k = (ER (fast - slow) + slow) ** 2.

ER = |close - close n ago| / sum of the last n |changes|, and 1 where nothing moved (it makes no difference then).
Seed as TA-Lib: y is the n-th close, the first output comes with the next candle. Source: Kaufman, Smarter
Trading, 1995.
"""

from math import nan

from apps.domain.indicators.compiled import Step, at
from apps.domain.indicators.parts import lagged, lagged_size, share, total, total_size
from apps.domain.indicators.spec import Output, Pane, Param, Spec, period


@Step
def step(s, p, o, h, l, c, v, start_ns, session_ns, out, commit):  # type: ignore[no-untyped-def]
    # s[0] previous close, s[1] the average
    n = p[0]
    lag = at(s, 2)
    path = at(s, 4 + int(n))
    seen = lag[0]
    out[0] = nan
    if seen > 0.0:
        ago = lag[2 + int(lag[1])]
        walked = total(path, n, abs(c - s[0]), commit)
        if seen >= n:
            smoothing = share(abs(c - ago), walked, 1.0) * (p[3] - p[4]) + p[4]
            before = s[0] if seen == n else s[1]
            out[0] = before + smoothing * smoothing * (c - before)
    if commit:
        lagged(lag, n, c, 1)
        s[0] = c
        s[1] = out[0]


SPEC = Spec(
    name="kama",
    title="Kaufman's adaptive moving average",
    params=(
        period(10, help="candles of the efficiency ratio"),
        Param("fast", 2, 1, 5000, "EMA period where the price runs straight"),
        Param("slow", 30, 1, 5000, "EMA period where it only wavers"),
    ),
    inputs=("close",),
    outputs=(Output("kama"),),
    pane=Pane.OVERLAY,
    warm_up=lambda n, fast, slow: int(n) + 1,
    state=lambda n, fast, slow: 2 + lagged_size(n) + total_size(n),
    step=step,
    source="y += (ER (2 / (fast + 1) - 2 / (slow + 1)) + 2 / (slow + 1)) ** 2 (close - y)",
    constants=lambda n, fast, slow: (2.0 / (fast + 1.0), 2.0 / (slow + 1.0)),
    rule=lambda n, fast, slow: None if fast < slow else ("fast", f"fast ({fast:g}) must be below slow ({slow:g})"),
)
