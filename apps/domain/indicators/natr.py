"""Normalised average true range: 100 * ATR / close, in percent; 0 where the close is 0. As TA-Lib."""

from apps.domain.indicators.compiled import Step
from apps.domain.indicators.parts import average_range, average_range_size, share
from apps.domain.indicators.spec import Output, Pane, Spec, period


@Step
def step(s, p, o, h, l, c, v, start_ns, session_ns, out, commit):  # type: ignore[no-untyped-def]
    out[0] = 100.0 * share(average_range(s, p[0], p[1], h, l, c, commit), c, 0.0)


SPEC = Spec(
    name="natr",
    title="Normalised average true range",
    params=(period(14),),
    inputs=("high", "low", "close"),
    outputs=(Output("natr"),),
    pane=Pane.OWN,
    warm_up=lambda n: int(n) + 1,
    state=lambda n: average_range_size(),
    step=step,
    source="100 atr / close",
    constants=lambda n: (1.0 / n,),
)
