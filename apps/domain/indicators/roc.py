"""Rate of change in percent against the close n candles ago, as TA-Lib's ROC; 0 where that close is 0."""

from apps.domain.indicators.compiled import Step
from apps.domain.indicators.parts import lagged, lagged_size, share
from apps.domain.indicators.spec import Output, Pane, Spec, period


@Step
def step(s, p, o, h, l, c, v, start_ns, session_ns, out, commit):  # type: ignore[no-untyped-def]
    before = lagged(s, p[0], c, commit)
    out[0] = 100.0 * share(c - before, before, 0.0)


SPEC = Spec(
    name="roc",
    title="Rate of change",
    params=(period(10),),
    inputs=("close",),
    outputs=(Output("roc"),),
    pane=Pane.OWN,
    warm_up=lambda n: int(n) + 1,
    state=lagged_size,
    step=step,
    source="100 (close / close n ago - 1)",
)
