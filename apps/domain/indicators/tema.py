"""Triple exponential moving average: 3 EMA - 3 EMA(EMA) + EMA(EMA(EMA)).

Each EMA is seeded with the mean of its own first n inputs, as TA-Lib. Source: Mulloy, TASC, January 1994.
"""

from math import nan

from apps.domain.indicators.compiled import Step, at
from apps.domain.indicators.parts import smooth, smooth_size
from apps.domain.indicators.spec import Output, Pane, Spec, period


@Step
def step(s, p, o, h, l, c, v, start_ns, session_ns, out, commit):  # type: ignore[no-untyped-def]
    out[0] = nan
    once = smooth(s, p[0], p[1], c, commit)
    if once == once:
        twice = smooth(at(s, 2), p[0], p[1], once, commit)
        if twice == twice:
            out[0] = 3.0 * once - 3.0 * twice + smooth(at(s, 4), p[0], p[1], twice, commit)


SPEC = Spec(
    name="tema",
    title="Triple exponential moving average",
    params=(period(20),),
    inputs=("close",),
    outputs=(Output("tema"),),
    pane=Pane.OVERLAY,
    warm_up=lambda n: 3 * int(n) - 2,
    state=lambda n: 3 * smooth_size(),
    step=step,
    source="3 ema - 3 ema(ema) + ema(ema(ema))",
    constants=lambda n: (2.0 / (n + 1.0),),
)
