"""Wilder's moving average (also RMA, SMMA): y += (close - y) / n.

Seed: the mean of the first n closes, as Wilder does inside RSI and ATR; pandas-ta's rma starts from the first
close instead and agrees once (1 - 1/n) ** candles has died away. Source: Wilder, New Concepts, 1978.
"""

from apps.domain.indicators.compiled import Step
from apps.domain.indicators.parts import smooth, smooth_size
from apps.domain.indicators.spec import Output, Pane, Spec, period


@Step
def step(s, p, o, h, l, c, v, start_ns, session_ns, out, commit):  # type: ignore[no-untyped-def]
    out[0] = smooth(s, p[0], p[1], c, commit)


SPEC = Spec(
    name="rma",
    title="Wilder's moving average",
    params=(period(14),),
    inputs=("close",),
    outputs=(Output("rma"),),
    pane=Pane.OVERLAY,
    warm_up=lambda n: int(n),
    state=lambda n: smooth_size(),
    step=step,
    source="y += (close - y) / n, seeded with the mean of the first n closes",
    constants=lambda n: (1.0 / n,),
)
