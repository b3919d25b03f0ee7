"""Average directional index with +DI and -DI, 0..100.

Seeds as TA-Lib: the movements and true ranges of the first n - 1 candle pairs are summed, then smoothed as
x += new - x / n; the DIs come with the n-th pair, ADX is the mean of the first n DX, then Wilder's average.
Where nothing ranged, both DIs are 0 and DX is 0 (TA-Lib leaves ADX standing). Source: Wilder, 1978.
"""

from math import nan

from apps.domain.indicators.compiled import Step, at
from apps.domain.indicators.parts import share, smooth, smooth_size, widest
from apps.domain.indicators.spec import Output, Pane, Spec, period


@Step
def step(s, p, o, h, l, c, v, start_ns, session_ns, out, commit):  # type: ignore[no-untyped-def]
    # s: 0 seen, 1-3 high, low, close before, 4-6 smoothed +DM, -DM, true range, 7-8 ADX
    n, seen = p[0], s[0]
    up, down, span = s[4], s[5], s[6]
    if seen > 0.0:
        if seen >= n:
            up, down, span = up - up / n, down - down / n, span - span / n
        rise, fall = h - s[1], s[2] - l
        up += rise if rise > 0.0 and rise > fall else 0.0
        down += fall if fall > 0.0 and fall > rise else 0.0
        span += widest(h, l, s[3])
    out[0] = nan
    out[1] = nan
    out[2] = nan
    if seen >= n:
        plus, minus = 100.0 * share(up, span, 0.0), 100.0 * share(down, span, 0.0)
        out[0] = smooth(at(s, 7), n, p[1], 100.0 * share(abs(plus - minus), plus + minus, 0.0), commit)
        out[1] = plus
        out[2] = minus
    if commit:
        s[0] = seen + 1.0
        s[1], s[2], s[3] = h, l, c
        s[4], s[5], s[6] = up, down, span


SPEC = Spec(
    name="adx",
    title="Average directional index",
    params=(period(14, low=2),),
    inputs=("high", "low", "close"),
    outputs=(Output("adx"), Output("plus_di"), Output("minus_di")),
    pane=Pane.OWN,
    warm_up=lambda n: 2 * int(n),
    state=lambda n: 7 + smooth_size(),
    step=step,
    source="Wilder's average of 100 |+DI - -DI| / (+DI + -DI), DI = 100 DM / true range",
    constants=lambda n: (1.0 / n,),
)
