"""Exponential moving average: y += 2 / (n + 1) * (close - y).

Seed: the mean of the first n closes, as TA-Lib. (pandas-ta without TA-Lib does the same; charts that seed with
the first close differ by (1 - 2 / (n + 1)) ** candles of the difference.) Source: Hunter, J. Quality
Technology 18(4), 1986.
"""

from apps.domain.indicators.compiled import Step
from apps.domain.indicators.parts import smooth, smooth_size
from apps.domain.indicators.spec import Output, Pane, Spec, period


@Step
def step(s, p, o, h, l, c, v, start_ns, session_ns, out, commit):  # type: ignore[no-untyped-def]
    out[0] = smooth(s, p[0], p[1], c, commit)


SPEC = Spec(
    name="ema",
    title="Exponential moving average",
    params=(period(20),),
    inputs=("close",),
    outputs=(Output("ema"),),
    pane=Pane.OVERLAY,
    warm_up=lambda n: int(n),
    state=lambda n: smooth_size(),
    step=step,
    source="y += 2 / (n + 1) * (close - y), seeded with the mean of the first n closes",
    constants=lambda n: (2.0 / (n + 1.0),),
)
