"""Aroon: how recent the highest high and the lowest low of the last n + 1 candles are, 0..100, and up - down.

As TA-Lib: of equal extremes the newest counts. A flat series gives 100 and 100. Source: Chande, 1995.
"""

from math import nan

from apps.domain.indicators.compiled import Step, at, part
from apps.domain.indicators.parts import Floats, Number
from apps.domain.indicators.spec import Draw, Output, Pane, Spec, period


@part
def age_of_highest(s: Floats, n: Number, x: Number, commit: Number) -> Number:
    """Candles since the newest highest of n + 1. State: 0 seen, 1 place, 2 highest of n, 3 its age, 4.. the n."""
    seen = s[0]
    age = 0.0 if seen == 0.0 or x >= s[2] else s[3] + 1.0
    if commit:
        i, size = int(s[1]), int(n)
        s[4 + i] = x
        s[0] = seen + 1.0
        s[1] = 0.0 if i + 1 == size else i + 1.0
        s[3] = age
        if age == 0.0:
            s[2] = x
        elif age >= n:  # it leaves: look for the newest highest of the n that stay
            s[2], s[3] = x, 0.0
            for back in range(1, size):
                other = s[4 + (i - back + size) % size]
                if other > s[2]:
                    s[2], s[3] = other, float(back)
    return age if seen >= n else nan


@Step
def step(s, p, o, h, l, c, v, start_ns, session_ns, out, commit):  # type: ignore[no-untyped-def]
    up = 100.0 * (p[0] - age_of_highest(s, p[0], h, commit)) / p[0]
    down = 100.0 * (p[0] - age_of_highest(at(s, 4 + int(p[0])), p[0], -l, commit)) / p[0]
    out[0] = up
    out[1] = down
    out[2] = up - down


SPEC = Spec(
    name="aroon",
    title="Aroon",
    params=(period(14),),
    inputs=("high", "low"),
    outputs=(Output("up"), Output("down"), Output("oscillator", Draw.HISTOGRAM)),
    pane=Pane.OWN,
    warm_up=lambda n: int(n) + 1,
    state=lambda n: 2 * (4 + int(n)),
    step=step,
    source="100 (n - candles since the extreme) / n",
)
