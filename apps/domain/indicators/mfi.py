"""Money flow index: share of money (typical price * volume) that flowed in rising candles, 0..100.

As TA-Lib, except that it is 50 (neutral) where no money flowed in either direction (TA-Lib: 0). A NaN or negative
volume counts as 0. Source: Quong & Soudack, TASC, March 1989.
"""

from math import nan

from apps.domain.indicators.compiled import Step, at
from apps.domain.indicators.parts import share, total, total_size
from apps.domain.indicators.spec import Output, Pane, Spec, period


@Step
def step(s, p, o, h, l, c, v, start_ns, session_ns, out, commit):  # type: ignore[no-untyped-def]
    # s: 0 seen, 1 typical price before, 2.. money in, then money out
    typical = (h + l + c) / 3.0
    out[0] = nan
    if s[0] > 0.0:
        money = typical * (v if v > 0.0 else 0.0)
        inflow = total(at(s, 2), p[0], money if typical > s[1] else 0.0, commit)
        outflow = total(at(s, 5 + int(p[0])), p[0], money if typical < s[1] else 0.0, commit)
        out[0] = 100.0 * share(inflow, inflow + outflow, 0.5)
    if commit:
        s[0], s[1] = 1.0, typical


SPEC = Spec(
    name="mfi",
    title="Money flow index",
    params=(period(14),),
    inputs=("high", "low", "close", "volume"),
    outputs=(Output("mfi"),),
    pane=Pane.OWN,
    warm_up=lambda n: int(n) + 1,
    state=lambda n: 2 + 2 * total_size(n),
    step=step,
    source="100 money in / (money in + money out) over n candles",
)
