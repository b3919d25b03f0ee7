"""Opening range: highest high and lowest low of the candles that start in the first N minutes of the session.

NaN until the range is over, so that nothing can act on half a range, and in a session of which no such candle was
seen. A candle longer than N minutes is its own range. Give history from the session's opening.
"""

from math import nan

from apps.domain.indicators.compiled import Step
from apps.domain.indicators.spec import Draw, Output, Pane, Param, Spec

MINUTE_NS = 60_000_000_000.0


@Step
def step(s, p, o, h, l, c, v, start_ns, session_ns, out, commit):  # type: ignore[no-untyped-def]
    # s: 0 session, 1 whether a candle of its range was seen, 2 high, 3 low
    session = float(session_ns)
    begun, high, low = (s[1], s[2], s[3]) if s[0] == session else (0.0, nan, nan)
    inside = start_ns - session_ns < p[0] * MINUTE_NS
    if inside:
        high, low = (max(h, high), min(l, low)) if begun else (h, l)
        begun = 1.0
    over = begun and not inside
    out[0] = high if over else nan
    out[1] = low if over else nan
    if commit:
        s[0], s[1], s[2], s[3] = session, begun, high, low


SPEC = Spec(
    name="opening_range",
    title="Opening range",
    params=(Param("minutes", 15, 1, 720, "minutes from the opening of the session"),),
    inputs=("high", "low"),
    outputs=(Output("high", Draw.LEVEL), Output("low", Draw.LEVEL)),
    pane=Pane.OVERLAY,
    warm_up=lambda minutes: 2,
    state=lambda minutes: 4,
    step=step,
    source="highest high and lowest low of the first minutes of the session",
    sessions=0,
)
