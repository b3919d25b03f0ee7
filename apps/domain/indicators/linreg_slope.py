"""Slope of the least-squares line through the last n closes, in quote currency a candle. As TA-Lib."""

from apps.domain.indicators.compiled import Step
from apps.domain.indicators.parts import weighted, weighted_size
from apps.domain.indicators.spec import Output, Pane, Spec, period


@Step
def step(s, p, o, h, l, c, v, start_ns, session_ns, out, commit):  # type: ignore[no-untyped-def]
    _zero, plain, heavy = weighted(s, p[0], c, commit)
    out[0] = (heavy - p[1] * plain) / p[2]


SPEC = Spec(
    name="linreg_slope",
    title="Linear-regression slope",
    params=(period(14, low=2),),
    inputs=("close",),
    outputs=(Output("slope"),),
    pane=Pane.OWN,
    warm_up=lambda n: int(n),
    state=weighted_size,
    step=step,
    source="sum of (i - mean i) close[i] / sum of (i - mean i) ** 2",
    constants=lambda n: ((n + 1.0) / 2.0, n * (n * n - 1.0) / 12.0),
)
