"""Parabolic stop and reverse, as TA-Lib's SAR.

The first direction is down where the second candle moved further down than up. `direction` is 1 (long) or -1.
Source: Wilder, New Concepts, 1978.
"""

from math import nan

from apps.domain.indicators.compiled import Step
from apps.domain.indicators.spec import Draw, Output, Pane, Param, Spec


@Step
def step(s, p, o, h, l, c, v, start_ns, session_ns, out, commit):  # type: ignore[no-untyped-def]
    # s: 0 seen, 1 high, 2 low before, 3 side, 4 stop, 5 extreme, 6 acceleration
    side, stop, extreme, speed, out[0], out[1] = s[3], s[4], s[5], s[6], nan, nan
    if s[0] > 0.0:
        high, low = s[1], s[2]
        if s[0] == 1.0:
            fell = low - l > 0.0 and h - high < low - l
            side, stop, extreme, speed = (-1.0, high, l, p[0]) if fell else (1.0, low, h, p[0])
            high, low = h, l
        # Short is long in the mirror: all prices change sign, and back again.
        near, far = (l, h) if side > 0.0 else (-h, -l)
        near_before, far_before = (low, high) if side > 0.0 else (-high, -low)
        stop, extreme = stop * side, extreme * side
        if near <= stop:
            stop = max(extreme, max(far_before, far))
            out[0] = stop * side
            out[1] = -side
            extreme, speed = near, p[0]
            stop = max(stop + speed * (extreme - stop), max(far_before, far))
        else:
            out[0] = stop * side
            out[1] = side
            if far > extreme:
                extreme, speed = far, min(speed + p[0], p[1])
            stop = min(stop + speed * (extreme - stop), min(near_before, near))
        stop, extreme, side = stop * side, extreme * side, out[1]
    if commit:
        s[0] += 1.0
        s[1], s[2], s[3], s[4], s[5], s[6] = h, l, side, stop, extreme, speed


SPEC = Spec(
    name="psar",
    title="Parabolic SAR",
    params=(
        Param("acceleration", 0.02, 0.001, 1, "first acceleration, and what each new extreme adds", step=0.001),
        Param("maximum", 0.2, 0.001, 1, "largest acceleration", step=0.001),
    ),
    inputs=("high", "low"),
    outputs=(Output("psar", Draw.DOTS), Output("direction", Draw.NONE)),
    pane=Pane.OVERLAY,
    warm_up=lambda acceleration, maximum: 2,
    state=lambda acceleration, maximum: 7,
    step=step,
    source="stop += acceleration * (extreme - stop), never inside the last two candles",
    rule=lambda acceleration, maximum: (
        None if acceleration <= maximum else ("acceleration", f"acceleration must not pass the maximum, {maximum:g}")
    ),
)
