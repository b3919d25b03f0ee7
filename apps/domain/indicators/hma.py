"""Hull moving average: WMA(sqrt(n)) of 2 WMA(n / 2) - WMA(n).

n / 2 and sqrt(n) are cut down to whole numbers, as pandas-ta (Hull himself rounds). Source: Hull, 2005.
"""

from math import isqrt, nan

from apps.domain.indicators.compiled import Step, at
from apps.domain.indicators.parts import weighted, weighted_size
from apps.domain.indicators.spec import Output, Pane, Spec, period


@Step
def step(s, p, o, h, l, c, v, start_ns, session_ns, out, commit):  # type: ignore[no-untyped-def]
    n, half, root = p[0], p[1], p[2]
    second = 7 + 2 * (int(n) - 1)
    third = second + 7 + 2 * (int(half) - 1)
    out[0] = nan
    slow_zero, _plain, slow = weighted(s, n, c, commit)
    fast_zero, _plain, fast = weighted(at(s, second), half, c, commit)
    if slow == slow:
        lifted = 2.0 * (fast_zero + fast / p[3]) - (slow_zero + slow / p[4])
        zero, _plain, heavy = weighted(at(s, third), root, lifted, commit)
        out[0] = zero + heavy / p[5]


def constants(n: float) -> tuple[float, ...]:
    """The two shorter periods, and the sum of the weights of all three."""
    half, root = float(int(n) // 2), float(isqrt(int(n)))
    return half, root, half * (half + 1.0) / 2.0, n * (n + 1.0) / 2.0, root * (root + 1.0) / 2.0


SPEC = Spec(
    name="hma",
    title="Hull moving average",
    params=(period(20, low=2),),
    inputs=("close",),
    outputs=(Output("hma"),),
    pane=Pane.OVERLAY,
    warm_up=lambda n: int(n) + isqrt(int(n)) - 1,
    state=lambda n: weighted_size(n) + weighted_size(int(n) // 2) + weighted_size(isqrt(int(n))),
    step=step,
    source="wma(2 wma(close, n / 2) - wma(close, n), sqrt(n))",
    constants=constants,
)
