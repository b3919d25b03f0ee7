"""On-balance volume: the volume of candles that closed higher less that of candles that closed lower.

Starts with the first candle's volume, as TA-Lib; only its changes mean something. A NaN or negative volume counts
as 0. Source: Granville, 1963.
"""

from apps.domain.indicators.compiled import Step
from apps.domain.indicators.spec import Output, Pane, Spec


@Step
def step(s, p, o, h, l, c, v, start_ns, session_ns, out, commit):  # type: ignore[no-untyped-def]
    # s: 0 seen, 1 close before, 2 balance
    volume = v if v > 0.0 else 0.0
    balance = s[2]
    if s[0] == 0.0 or c > s[1]:
        balance += volume
    elif c < s[1]:
        balance -= volume
    out[0] = balance
    if commit:
        s[0], s[1], s[2] = 1.0, c, balance


SPEC = Spec(
    name="obv",
    title="On-balance volume",
    params=(),
    inputs=("close", "volume"),
    outputs=(Output("obv"),),
    pane=Pane.OWN,
    warm_up=lambda: 1,
    state=lambda: 3,
    step=step,
    source="+ volume where the close rose, - volume where it fell",
)
