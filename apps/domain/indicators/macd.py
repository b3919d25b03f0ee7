"""Moving average convergence/divergence: EMA(fast) - EMA(slow), its EMA as signal, their difference.

Each EMA is seeded with the mean of its own first candles, so that `macd` is exactly the difference of the two
`ema` lines on the chart. TA-Lib seeds the fast one later (with the candles before the slow one starts); the two
agree once (1 - 2 / (slow + 1)) ** candles has died away. Source: Appel, 1979.
"""

from math import nan

from apps.domain.indicators.compiled import Step, at
from apps.domain.indicators.parts import smooth, smooth_size
from apps.domain.indicators.spec import Draw, Output, Pane, Spec, period


@Step
def step(s, p, o, h, l, c, v, start_ns, session_ns, out, commit):  # type: ignore[no-untyped-def]
    line = smooth(s, p[0], p[3], c, commit) - smooth(at(s, 2), p[1], p[4], c, commit)
    signal = smooth(at(s, 4), p[2], p[5], line, commit) if line == line else nan
    out[0] = line
    out[1] = signal
    out[2] = line - signal


SPEC = Spec(
    name="macd",
    title="MACD",
    params=(
        period(12, name="fast", help="candles of the fast average"),
        period(26, name="slow", help="candles of the slow average"),
        period(9, name="signal", help="values the signal line averages"),
    ),
    inputs=("close",),
    outputs=(Output("macd"), Output("signal"), Output("histogram", Draw.HISTOGRAM)),
    pane=Pane.OWN,
    warm_up=lambda fast, slow, signal: int(slow + signal) - 1,
    state=lambda fast, slow, signal: 3 * smooth_size(),
    step=step,
    source="ema(fast) - ema(slow); signal = ema of that; histogram = macd - signal",
    constants=lambda fast, slow, signal: (2.0 / (fast + 1.0), 2.0 / (slow + 1.0), 2.0 / (signal + 1.0)),
    rule=lambda fast, slow, _: None if fast < slow else ("fast", f"fast ({fast:g}) must be below slow ({slow:g})"),
)
