"""Standard deviation of the last n closes, of a population (divide by n), as TA-Lib.

pandas-ta does the same where TA-Lib is installed and else divides by n - 1. Exactly 0 in a flat window.
"""

from apps.domain.indicators.compiled import Step
from apps.domain.indicators.parts import moments, moments_size
from apps.domain.indicators.spec import Output, Pane, Spec, period


@Step
def step(s, p, o, h, l, c, v, start_ns, session_ns, out, commit):  # type: ignore[no-untyped-def]
    _mean, out[0] = moments(s, p[0], c, commit)


SPEC = Spec(
    name="stddev",
    title="Standard deviation",
    params=(period(20),),
    inputs=("close",),
    outputs=(Output("stddev"),),
    pane=Pane.OWN,
    warm_up=lambda n: int(n),
    state=moments_size,
    step=step,
    source="square root of the mean squared distance from the mean",
)
