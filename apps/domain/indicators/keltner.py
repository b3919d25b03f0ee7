"""Keltner channels: EMA of the close, and `width` average true ranges above and below.

The modern form (Raschke): the average of `ema`, the range of `atr`, both with their seeds; pandas-ta smooths the
range with an EMA instead. Source: Keltner 1960, Raschke 1995.
"""

from apps.domain.indicators.compiled import Step, at
from apps.domain.indicators.parts import average_range, average_range_size, smooth, smooth_size
from apps.domain.indicators.spec import Draw, Output, Pane, Param, Spec, period


@Step
def step(s, p, o, h, l, c, v, start_ns, session_ns, out, commit):  # type: ignore[no-untyped-def]
    middle = smooth(s, p[0], p[3], c, commit)
    reach = p[2] * average_range(at(s, 2), p[1], p[4], h, l, c, commit)
    out[0] = middle + reach
    out[1] = middle
    out[2] = middle - reach


SPEC = Spec(
    name="keltner",
    title="Keltner channels",
    params=(
        period(20, help="candles of the average"),
        period(10, name="atr", help="candles of the average true range"),
        Param("width", 2, 0.1, 20, "average true ranges to each side", step=0.1),
    ),
    inputs=("high", "low", "close"),
    outputs=(Output("upper", Draw.BAND), Output("middle"), Output("lower", Draw.BAND)),
    pane=Pane.OVERLAY,
    warm_up=lambda n, atr, width: max(int(n), int(atr) + 1),
    state=lambda n, atr, width: smooth_size() + average_range_size(),
    step=step,
    source="ema(n) +- width * atr",
    constants=lambda n, atr, width: (2.0 / (n + 1.0), 1.0 / atr),
)
