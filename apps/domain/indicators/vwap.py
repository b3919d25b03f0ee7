"""Volume-weighted average price since the opening of the session, of candles: sum(typical * volume) / sum(volume).

Typical is (high + low + close) / 3. NaN while the session has traded nothing, so always NaN on an index or a quoted
market without volume; a NaN or negative volume counts as 0. As pandas-ta's vwap anchored to the session.
"""

from math import nan

from apps.domain.indicators.compiled import Step
from apps.domain.indicators.spec import Output, Pane, Spec


@Step
def step(s, p, o, h, l, c, v, start_ns, session_ns, out, commit):  # type: ignore[no-untyped-def]
    # s: 0 session, 1 money, 2 volume
    session = float(session_ns)
    money, volume = (s[1], s[2]) if s[0] == session else (0.0, 0.0)
    if v > 0.0:
        money += (h + l + c) / 3.0 * v
        volume += v
    out[0] = money / volume if volume > 0.0 else nan
    if commit:
        s[0], s[1], s[2] = session, money, volume


SPEC = Spec(
    name="vwap",
    title="Volume-weighted average price",
    params=(),
    inputs=("high", "low", "close", "volume"),
    outputs=(Output("vwap"),),
    pane=Pane.OVERLAY,
    warm_up=lambda: 1,
    state=lambda: 3,
    step=step,
    source="sum of typical price * volume / sum of volume since the session opened",
    sessions=0,
)
