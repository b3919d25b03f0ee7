"""Classic (floor) pivot points, from high, low and close of the previous trading session.

They stand for the whole session and are NaN until one session is over. The first session seen counts as whole:
give history from its opening (`sessions` in the registry).
"""

from math import nan

from apps.domain.indicators.compiled import Step
from apps.domain.indicators.spec import Draw, Output, Pane, Spec


@Step
def step(s, p, o, h, l, c, v, start_ns, session_ns, out, commit):  # type: ignore[no-untyped-def]
    # s: 0 sessions seen, 1 session, 2-4 its high, low, close, 5-7 those of the one before
    session = float(session_ns)
    seen, top, bottom = s[0], h, l
    high, low, close = s[5], s[6], s[7]
    if seen == 0.0 or session != s[1]:
        seen += 1.0
        high, low, close = s[2], s[3], s[4]
    else:
        top, bottom = max(h, s[2]), min(l, s[3])
    if seen < 2.0:
        high, low, close = nan, nan, nan
    pivot, span = (high + low + close) / 3.0, high - low
    out[0] = pivot
    out[1] = 2.0 * pivot - low
    out[2] = pivot + span
    out[3] = high + 2.0 * (pivot - low)
    out[4] = 2.0 * pivot - high
    out[5] = pivot - span
    out[6] = low - 2.0 * (high - pivot)
    if commit:
        s[0], s[1], s[2], s[3], s[4] = seen, session, top, bottom, c
        s[5], s[6], s[7] = high, low, close


SPEC = Spec(
    name="pivots",
    title="Pivot points",
    params=(),
    inputs=("high", "low", "close"),
    outputs=tuple(Output(name, Draw.LEVEL) for name in ("p", "r1", "r2", "r3", "s1", "s2", "s3")),
    pane=Pane.OVERLAY,
    warm_up=lambda: 1,
    state=lambda: 8,
    step=step,
    source="p = (high + low + close) / 3; r1 = 2p - low; r2 = p + range; r3 = high + 2 (p - low); s alike",
    sessions=1,
)
