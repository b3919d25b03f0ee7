"""Williams %R: how far the close lies below the highest high, -100..0. A flat range gives -50 (TA-Lib: 0).

Source: Williams, 1973.
"""

from apps.domain.indicators.compiled import Step, at
from apps.domain.indicators.parts import highest, highest_size, lowest, share
from apps.domain.indicators.spec import Output, Pane, Spec, period


@Step
def step(s, p, o, h, l, c, v, start_ns, session_ns, out, commit):  # type: ignore[no-untyped-def]
    top = highest(s, p[0], h, commit)
    bottom = lowest(at(s, 2 + int(p[0])), p[0], l, commit)
    out[0] = -100.0 * share(top - c, top - bottom, 0.5)


SPEC = Spec(
    name="willr",
    title="Williams %R",
    params=(period(14),),
    inputs=("high", "low", "close"),
    outputs=(Output("willr"),),
    pane=Pane.OWN,
    warm_up=lambda n: int(n),
    state=lambda n: 2 * highest_size(n),
    step=step,
    source="-100 (highest - close) / (highest - lowest)",
)
