"""Average true range: Wilder's average of the true range, in quote currency.

Seed as TA-Lib: the mean of n true ranges from the second candle on, because the first has no previous close. Some
peers (LEAN, TradingView) count the first candle's high - low as one; the two agree once (1 - 1/n) ** candles has
died away. Source: Wilder, New Concepts, 1978.
"""

from apps.domain.indicators.compiled import Step
from apps.domain.indicators.parts import average_range, average_range_size
from apps.domain.indicators.spec import Output, Pane, Spec, period


@Step
def step(s, p, o, h, l, c, v, start_ns, session_ns, out, commit):  # type: ignore[no-untyped-def]
    out[0] = average_range(s, p[0], p[1], h, l, c, commit)


SPEC = Spec(
    name="atr",
    title="Average true range",
    params=(period(14),),
    inputs=("high", "low", "close"),
    outputs=(Output("atr"),),
    pane=Pane.OWN,
    warm_up=lambda n: int(n) + 1,
    state=lambda n: average_range_size(),
    step=step,
    source="Wilder's average of max(high - low, |high - close before|, |low - close before|)",
    constants=lambda n: (1.0 / n,),
)
