"""Bollinger bands: mean of the last n closes, and `width` population standard deviations above and below.

Population (divide by n) as Bollinger and TA-Lib; a flat window gives three equal lines. Source: Bollinger on
Bollinger Bands, 2001.
"""

from apps.domain.indicators.compiled import Step
from apps.domain.indicators.parts import moments, moments_size
from apps.domain.indicators.spec import Draw, Output, Pane, Param, Spec, period


@Step
def step(s, p, o, h, l, c, v, start_ns, session_ns, out, commit):  # type: ignore[no-untyped-def]
    mean, deviation = moments(s, p[0], c, commit)
    out[0] = mean + p[1] * deviation
    out[1] = mean
    out[2] = mean - p[1] * deviation


SPEC = Spec(
    name="bbands",
    title="Bollinger bands",
    params=(period(20), Param("width", 2, 0.1, 10, "standard deviations to each side", step=0.1)),
    inputs=("close",),
    outputs=(Output("upper", Draw.BAND), Output("middle"), Output("lower", Draw.BAND)),
    pane=Pane.OVERLAY,
    warm_up=lambda n, width: int(n),
    state=lambda n, width: moments_size(n),
    step=step,
    source="sma(n) +- width * population standard deviation(n)",
)
