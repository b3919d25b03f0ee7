"""Momentum: close less the close n candles ago, in quote currency. As TA-Lib's MOM."""

from apps.domain.indicators.compiled import Step
from apps.domain.indicators.parts import lagged, lagged_size
from apps.domain.indicators.spec import Output, Pane, Spec, period


@Step
def step(s, p, o, h, l, c, v, start_ns, session_ns, out, commit):  # type: ignore[no-untyped-def]
    out[0] = c - lagged(s, p[0], c, commit)


SPEC = Spec(
    name="mom",
    title="Momentum",
    params=(period(10),),
    inputs=("close",),
    outputs=(Output("mom"),),
    pane=Pane.OWN,
    warm_up=lambda n: int(n) + 1,
    state=lagged_size,
    step=step,
    source="close - close n ago",
)
