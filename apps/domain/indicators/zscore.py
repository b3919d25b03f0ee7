"""Z-score: standard deviations between the close and the mean of the last n; 0 in a flat window.

Population deviation, so that +-2 is where the Bollinger bands lie. pandas-ta does the same where TA-Lib is installed
and else divides by n - 1: its values are then smaller by sqrt((n - 1) / n).
"""

from apps.domain.indicators.compiled import Step
from apps.domain.indicators.parts import moments, moments_size, share
from apps.domain.indicators.spec import Output, Pane, Spec, period


@Step
def step(s, p, o, h, l, c, v, start_ns, session_ns, out, commit):  # type: ignore[no-untyped-def]
    mean, deviation = moments(s, p[0], c, commit)
    out[0] = share(c - mean, deviation, 0.0)


SPEC = Spec(
    name="zscore",
    title="Z-score",
    params=(period(20, low=2),),
    inputs=("close",),
    outputs=(Output("zscore"),),
    pane=Pane.OWN,
    warm_up=lambda n: int(n),
    state=moments_size,
    step=step,
    source="(close - mean) / population standard deviation",
)
