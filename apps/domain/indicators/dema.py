"""Double exponential moving average: 2 EMA - EMA(EMA).

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
        out[0] = 2.0 * once - smooth(at(s, 2), p[0], p[1], once, commit)


SPEC = Spec(
    name="dema",
    title="Double exponential moving average",
    params=(period(20),),
    inputs=("close",),
    outputs=(Output("dema"),),
    pane=Pane.OVERLAY,
    warm_up=lambda n: 2 * int(n) - 1,
    state=lambda n: 2 * smooth_size(),
    step=step,
    source="2 ema - ema(ema)",
    constants=lambda n: (2.0 / (n + 1.0),),
)
