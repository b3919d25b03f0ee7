"""Ichimoku kinko hyo: conversion and base line, the two edges of the cloud, the lagging close.

Every value stands at the candle it was made of; a chart draws the cloud kijun - 1 candles later and the lagging
line as many earlier (`shift`), as TradingView and pandas-ta do. Source: Hosoda, 1969.
"""

from apps.domain.indicators.compiled import Step, at
from apps.domain.indicators.parts import highest, highest_size, lowest
from apps.domain.indicators.spec import Draw, Output, Pane, Spec, period


@Step
def step(s, p, o, h, l, c, v, start_ns, session_ns, out, commit):  # type: ignore[no-untyped-def]
    base, cloud = 2 * (2 + int(p[0])), 2 * (4 + int(p[0]) + int(p[1]))
    tenkan = (highest(s, p[0], h, commit) + lowest(at(s, 2 + int(p[0])), p[0], l, commit)) / 2.0
    kijun = (highest(at(s, base), p[1], h, commit) + lowest(at(s, base + 2 + int(p[1])), p[1], l, commit)) / 2.0
    out[0] = tenkan
    out[1] = kijun
    out[2] = (tenkan + kijun) / 2.0
    out[3] = (highest(at(s, cloud), p[2], h, commit) + lowest(at(s, cloud + 2 + int(p[2])), p[2], l, commit)) / 2.0
    out[4] = c


SPEC = Spec(
    name="ichimoku",
    title="Ichimoku",
    params=(
        period(9, name="tenkan", help="candles of the conversion line"),
        period(26, name="kijun", help="candles of the base line"),
        period(52, name="senkou", help="candles of the cloud's second edge"),
    ),
    inputs=("high", "low", "close"),
    outputs=(
        Output("tenkan"),
        Output("kijun"),
        Output("span_a", Draw.BAND, lambda tenkan, kijun, senkou: int(kijun) - 1),
        Output("span_b", Draw.BAND, lambda tenkan, kijun, senkou: int(kijun) - 1),
        Output("chikou", Draw.LINE, lambda tenkan, kijun, senkou: 1 - int(kijun)),
    ),
    pane=Pane.OVERLAY,
    warm_up=lambda tenkan, kijun, senkou: int(max(tenkan, kijun, senkou)),
    state=lambda tenkan, kijun, senkou: 2 * (highest_size(tenkan) + highest_size(kijun) + highest_size(senkou)),
    step=step,
    source="(highest + lowest) / 2 over three periods; span a = mean of the first two",
)
