"""Relative strength index: 100 * average rise / (average rise + average fall), 0..100.

Averages are Wilder's, seeded with the mean of the first n changes, as TA-Lib. Where nothing rose or fell it is 50
(neutral); TA-Lib says 0 there, which a rule would read as oversold. Source: Wilder, New Concepts, 1978.
"""

from apps.domain.indicators.compiled import Step
from apps.domain.indicators.parts import strength, strength_size
from apps.domain.indicators.spec import Output, Pane, Spec, period


@Step
def step(s, p, o, h, l, c, v, start_ns, session_ns, out, commit):  # type: ignore[no-untyped-def]
    out[0] = strength(s, p[0], p[1], c, commit)


SPEC = Spec(
    name="rsi",
    title="Relative strength index",
    params=(period(14),),
    inputs=("close",),
    outputs=(Output("rsi"),),
    pane=Pane.OWN,
    warm_up=lambda n: int(n) + 1,
    state=lambda n: strength_size(),
    step=step,
    source="100 rise / (rise + fall), Wilder's averages of the changes",
    constants=lambda n: (1.0 / n,),
)
