"""Simple moving average: the plain mean of the last n closes. Source: textbook; as in TA-Lib."""

from apps.domain.indicators.compiled import Step
from apps.domain.indicators.parts import total, total_size
from apps.domain.indicators.spec import Output, Pane, Spec, period


@Step
def step(s, p, o, h, l, c, v, start_ns, session_ns, out, commit):  # type: ignore[no-untyped-def]
    out[0] = total(s, p[0], c, commit) / p[0]


SPEC = Spec(
    name="sma",
    title="Simple moving average",
    params=(period(20),),
    inputs=("close",),
    outputs=(Output("sma"),),
    pane=Pane.OVERLAY,
    warm_up=lambda n: int(n),
    state=total_size,
    step=step,
    source="mean of the last n closes",
)
