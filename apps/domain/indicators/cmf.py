"""Chaikin money flow: volume weighted by where each candle closed in its range, over the volume, -1..1.

A candle without range adds volume but no flow; 0 where nothing traded in the window. A NaN or negative volume
counts as 0. As pandas-ta. Source: Chaikin.
"""

from apps.domain.indicators.compiled import Step, at
from apps.domain.indicators.parts import share, total, total_size
from apps.domain.indicators.spec import Output, Pane, Spec, period


@Step
def step(s, p, o, h, l, c, v, start_ns, session_ns, out, commit):  # type: ignore[no-untyped-def]
    volume = v if v > 0.0 else 0.0
    flow = share((c - l) - (h - c), h - l, 0.0) * volume
    out[0] = share(total(s, p[0], flow, commit), total(at(s, 3 + int(p[0])), p[0], volume, commit), 0.0)


SPEC = Spec(
    name="cmf",
    title="Chaikin money flow",
    params=(period(20),),
    inputs=("high", "low", "close", "volume"),
    outputs=(Output("cmf"),),
    pane=Pane.OWN,
    warm_up=lambda n: int(n),
    state=lambda n: 2 * total_size(n),
    step=step,
    source="sum of ((close - low) - (high - close)) / (high - low) * volume / sum of volume",
)
