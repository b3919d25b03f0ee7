"""Supertrend: a stop line `width` average true ranges from the middle of the candle, that only tightens.

As TradingView: both lines tighten whatever the direction, the first direction is down. pandas-ta tightens only
the line in use, so after a turn its line may lie further off. `direction` is 1 (up) or -1. Source: Seban.
"""

from math import nan

from apps.domain.indicators.compiled import Step, at
from apps.domain.indicators.parts import average_range, average_range_size
from apps.domain.indicators.spec import Draw, Output, Pane, Param, Spec, period


@Step
def step(s, p, o, h, l, c, v, start_ns, session_ns, out, commit):  # type: ignore[no-untyped-def]
    # s: 0 upper, 1 lower, 2 direction (0: none yet), 3 close before, 4.. average true range
    reach = p[1] * average_range(at(s, 4), p[0], p[2], h, l, c, commit)
    upper, lower = (h + l) / 2.0 + reach, (h + l) / 2.0 - reach
    direction = 0.0
    out[0] = nan
    out[1] = nan
    if reach == reach:
        direction = -1.0
        if s[2] != 0.0:
            if upper >= s[0] and s[3] <= s[0]:
                upper = s[0]
            if lower <= s[1] and s[3] >= s[1]:
                lower = s[1]
            if c > upper or (s[2] > 0.0 and c >= lower):
                direction = 1.0
        out[0] = lower if direction > 0.0 else upper
        out[1] = direction
    if commit:
        s[0], s[1], s[2], s[3] = upper, lower, direction, c


SPEC = Spec(
    name="supertrend",
    title="Supertrend",
    params=(
        period(10, help="candles of the average true range"),
        Param("width", 3, 0.1, 20, "average true ranges from the middle", step=0.1),
    ),
    inputs=("high", "low", "close"),
    outputs=(Output("supertrend"), Output("direction", Draw.NONE)),
    pane=Pane.OVERLAY,
    warm_up=lambda n, width: int(n) + 1,
    state=lambda n, width: 4 + average_range_size(),
    step=step,
    source="(high + low) / 2 +- width * atr, kept while it would loosen; turns when a close crosses it",
    constants=lambda n, width: (1.0 / n,),
)
