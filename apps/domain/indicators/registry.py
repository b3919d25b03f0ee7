"""All indicators by name, and their text form: `ema(20)`, `macd(12,26,9)`, `vwap()`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from apps.domain.errors import BadInput
from apps.domain.indicators import (
    adx,
    aroon,
    atr,
    bbands,
    cci,
    cmf,
    dema,
    donchian,
    ema,
    hma,
    ichimoku,
    kama,
    keltner,
    linreg_slope,
    macd,
    mfi,
    mom,
    natr,
    obv,
    opening_range,
    pivots,
    psar,
    rma,
    roc,
    rsi,
    sma,
    stddev,
    stoch,
    stochrsi,
    supertrend,
    tema,
    vwap,
    willr,
    wma,
    zscore,
)
from apps.domain.indicators.spec import Spec

_MODULES: Final = (
    # averages
    sma, ema, wma, dema, tema, hma, kama, rma,
    # momentum
    rsi, macd, stoch, stochrsi, willr, cci, roc, mom,
    # channels and range
    bbands, keltner, donchian, atr, natr, stddev, zscore,
    # trend
    adx, supertrend, psar, ichimoku, aroon, linreg_slope,
    # volume and session
    vwap, obv, mfi, cmf, pivots, opening_range,
)  # fmt: skip

INDICATORS: Final[Mapping[str, Spec]] = MappingProxyType({module.SPEC.name: module.SPEC for module in _MODULES})

_TEXT: Final = re.compile(r"\s*([a-z][a-z0-9_]*)\s*(?:\(([^()]*)\))?\s*")


@dataclass(frozen=True, slots=True)
class Request:
    """One indicator with its parameters, all of them, checked. Make it with `request` or `parse`."""

    spec: Spec
    values: tuple[float, ...]

    def __str__(self) -> str:
        return f"{self.spec.name}({','.join(_number(value) for value in self.values)})"

    @property
    def labels(self) -> tuple[str, ...]:
        """One name a column: `ema(20)`, or `macd(12,26,9).signal` where there are several."""
        outputs = self.spec.outputs
        return (str(self),) if len(outputs) == 1 else tuple(f"{self}.{output.name}" for output in outputs)

    @property
    def warm_up(self) -> int:
        """Candles until every output has its first final value."""
        return self.spec.warm_up(*self.values)


def request(name: str, *values: object, **named: object) -> Request:
    """The indicator with these parameters, the rest at their defaults. Raises BadInput naming what is wrong."""
    spec = INDICATORS.get(name)
    if spec is None:
        raise BadInput(f"no indicator is called {name!r}; there are: {', '.join(INDICATORS)}", field="indicator")
    return Request(spec, spec.values(values, named))


def parse(text: str) -> Request:
    """Read the text form. Parameters by place or name, left out ones at their defaults: `bbands(20, width=2.5)`.

    Raises BadInput. `str()` of the answer is the canonical text: two requests are equal exactly if theirs are.
    """
    found = _TEXT.fullmatch(text)
    if found is None:
        raise BadInput(f"an indicator is written like ema(20) or macd(12,26,9), not {text!r}", field="indicator")
    values: list[object] = []
    named: dict[str, object] = {}
    for argument in filter(None, (piece.strip() for piece in (found[2] or "").split(","))):
        name, equals, value = argument.partition("=")
        if equals:
            named[name.strip()] = value.strip()
        elif named:
            raise BadInput(f"in {text!r} a parameter without a name follows one with a name", field="indicator")
        else:
            values.append(argument)
    return request(found[1], *values, **named)


def _number(value: float) -> str:
    return str(int(value)) if value.is_integer() else repr(value)
