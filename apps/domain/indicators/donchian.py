"""Donchian channel: highest high and lowest low of the last n candles, this one included, and their middle.

Because this candle is included, a breakout is a close beyond the channel of the candle before. As pandas-ta.
"""

from apps.domain.indicators.compiled import Step, at
from apps.domain.indicators.parts import highest, highest_size, lowest
from apps.domain.indicators.spec import Draw, Output, Pane, Spec, period


@Step
def step(s, p, o, h, l, c, v, start_ns, session_ns, out, commit):  # type: ignore[no-untyped-def]
    top = highest(s, p[0], h, commit)
    bottom = lowest(at(s, 2 + int(p[0])), p[0], l, commit)
    out[0] = top
    out[1] = (top + bottom) / 2.0
    out[2] = bottom


SPEC = Spec(
    name="donchian",
    title="Donchian channel",
    params=(period(20),),
    inputs=("high", "low"),
    outputs=(Output("upper", Draw.BAND), Output("middle"), Output("lower", Draw.BAND)),
    pane=Pane.OVERLAY,
    warm_up=lambda n: int(n),
    state=lambda n: 2 * highest_size(n),
    step=step,
    source="highest high, lowest low of n candles, and their mean",
)
