"""Commodity channel index: (typical - mean) / (0.015 * mean deviation), typical = (high + low + close) / 3.

As TA-Lib; 0 where the mean deviation is 0. The deviations are from a mean that moves with the forming candle, so
a provisional value costs O(n). Source: Lambert, Commodities, October 1980.
"""

from math import nan

from apps.domain.indicators.compiled import Step
from apps.domain.indicators.parts import lagged, lagged_size, share
from apps.domain.indicators.spec import Output, Pane, Spec, period


@Step
def step(s, p, o, h, l, c, v, start_ns, session_ns, out, commit):  # type: ignore[no-untyped-def]
    n = int(p[0])
    typical = (h + l + c) / 3.0
    out[0] = nan
    if s[0] >= n - 1.0:
        newest = int(s[1])  # its place holds the value that leaves the window
        # Measured from the newest value: small numbers, and exact zeros in a flat window.
        above = 0.0
        for i in range(n):
            if i != newest:
                above += s[2 + i] - typical
        mean = above / n
        spread = abs(mean)
        for i in range(n):
            if i != newest:
                spread += abs(s[2 + i] - typical - mean)
        out[0] = share(-mean, 0.015 * (spread / n), 0.0)
    if commit:
        lagged(s, p[0], typical, 1)


SPEC = Spec(
    name="cci",
    title="Commodity channel index",
    params=(period(20, low=2),),
    inputs=("high", "low", "close"),
    outputs=(Output("cci"),),
    pane=Pane.OWN,
    warm_up=lambda n: int(n),
    state=lagged_size,
    step=step,
    source="(typical - mean) / (0.015 mean |typical - mean|)",
)
