"""Linearly weighted moving average: the newest close weighs n, the oldest 1. Source: textbook; as in TA-Lib."""

from apps.domain.indicators.compiled import Step
from apps.domain.indicators.parts import weighted, weighted_size
from apps.domain.indicators.spec import Output, Pane, Spec, period


@Step
def step(s, p, o, h, l, c, v, start_ns, session_ns, out, commit):  # type: ignore[no-untyped-def]
    zero, _plain, heavy = weighted(s, p[0], c, commit)
    out[0] = zero + heavy / p[1]


SPEC = Spec(
    name="wma",
    title="Weighted moving average",
    params=(period(20),),
    inputs=("close",),
    outputs=(Output("wma"),),
    pane=Pane.OVERLAY,
    warm_up=lambda n: int(n),
    state=weighted_size,
    step=step,
    source="sum of i * close[i] / (n (n + 1) / 2), i = 1 (oldest) to n",
    constants=lambda n: (n * (n + 1.0) / 2.0,),
)
