"""The contract of a strategy: typed, ranged parameters, four callbacks, orders only through the context."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, ClassVar, Protocol

from apps.domain.errors import BadInput
from apps.domain.messages import Fill

ParamValue = int | float | bool | str


@dataclass(frozen=True, slots=True)
class Param:
    """One parameter: the form field, its validation and the optimiser's search space are made from it."""

    name: str
    default: ParamValue
    help: str
    low: float | None = None
    high: float | None = None
    step: float | None = None
    choices: tuple[str, ...] = ()

    @property
    def kind(self) -> type:
        return type(self.default)

    def parse(self, raw: object) -> ParamValue:
        """The value in its own type. Raises BadInput naming the parameter, what is wrong and the range."""
        value = self._convert(raw)
        if isinstance(value, str) and self.choices and value not in self.choices:
            raise BadInput(f"{self.name} must be one of {', '.join(self.choices)}, not {value!r}", field=self.name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            low, high = self.low, self.high
            if not math.isfinite(value) or (low is not None and value < low) or (high is not None and value > high):
                raise BadInput(f"{self.name} must lie between {low:g} and {high:g}, not {raw}", field=self.name)
        return value

    def _convert(self, raw: object) -> ParamValue:
        text = str(raw).strip()
        try:
            if self.kind is bool:
                return {"true": True, "1": True, "on": True, "yes": True, "false": False, "0": False, "": False}[
                    text.lower()
                ]
            if self.kind is int:
                number = float(text)
                if number != int(number):
                    raise ValueError
                return int(number)
            return float(text) if self.kind is float else text
        except (ValueError, KeyError, OverflowError):
            wanted = {int: "a whole number", float: "a number", bool: "yes or no"}.get(self.kind, "a text")
            raise BadInput(f"{self.name} must be {wanted}, not {raw!r}", field=self.name) from None


class Line(Protocol):
    """One output of an indicator, as the strategy sees it. NaN until it has warmed up."""

    @property
    def now(self) -> float:
        """Final value of the last closed candle; in on_tick the provisional value of the forming one."""
        ...

    def ago(self, candles: int) -> float:
        """Final value `candles` closed candles before the last closed one (0: the last closed)."""
        ...


class CandleView(Protocol):
    """The candle that just closed. Valid during the call only."""

    @property
    def timeframe(self) -> int: ...
    @property
    def start_ns(self) -> int: ...
    @property
    def end_ns(self) -> int: ...
    @property
    def open(self) -> float: ...
    @property
    def high(self) -> float: ...
    @property
    def low(self) -> float: ...
    @property
    def close(self) -> float: ...
    @property
    def volume(self) -> float: ...


@dataclass(frozen=True, slots=True)
class TickView:
    """One tick. `bid` equals `ask` where the venue sends trades only."""

    at_ns: int
    bid: float
    ask: float
    size: float

    @property
    def price(self) -> float:
        return self.bid


class Setup(Protocol):
    """What a strategy may ask for before it runs."""

    timeframe: int

    def indicator(self, text: str, *, timeframe: int | None = None, output: str | None = None) -> Line:
        """An indicator by its text form, e.g. `ema(20)`; of the run's own timeframe unless another is named."""
        ...

    def candles(self, timeframe: int) -> None:
        """Also call on_candle for this timeframe."""
        ...


class Context(Protocol):
    """The strategy's hands. Quantities are in units; None leaves the size to the run's sizing rule.

    Every order returns its client_order_id. Prices are rounded to the instrument's tick.
    """

    timeframe: int

    @property
    def now_ns(self) -> int: ...
    @property
    def price(self) -> float: ...
    @property
    def position(self) -> float:
        """Signed units this run holds on this instrument."""
        ...

    @property
    def entry_price(self) -> float: ...
    @property
    def orders(self) -> Mapping[str, str]:
        """client_order_id → tag of every order not yet at its end."""
        ...

    def buy(
        self,
        qty: float | None = None,
        *,
        limit: float | None = None,
        stop: float | None = None,
        exit: bool = False,
        oco: str = "",
        tag: str = "",
        cash_fraction: float | None = None,
    ) -> str: ...

    def sell(
        self,
        qty: float | None = None,
        *,
        limit: float | None = None,
        stop: float | None = None,
        exit: bool = False,
        oco: str = "",
        tag: str = "",
        cash_fraction: float | None = None,
    ) -> str: ...

    def close(self, tag: str = "close") -> str | None:
        """Leave the position at market; None when flat."""
        ...

    def cancel(self, client_order_id: str) -> None: ...
    def cancel_all(self) -> None: ...
    def timer(self, at_ns: int, name: str) -> None:
        """Call on_timer at the first event at or after this instant. One timer a name: a new one replaces it."""
        ...

    def window(self, name: str) -> tuple[int, int] | None:
        """[start_ns, end_ns) of the named trading window that now lies in, in the venue's zone; None outside it."""
        ...


class Strategy:
    """Base of all strategies. Subclass, fill `key`, `title`, `params` and the callbacks you need.

    `self.p` holds the parameters. What must survive a restart lives in `self.state` (JSON values
    only) and is saved and restored by the host; everything else is made in `setup`.
    """

    key: ClassVar[str] = ""
    title: ClassVar[str] = ""
    params: ClassVar[tuple[Param, ...]] = ()
    default_timeframe: ClassVar[str] = "5m"

    def __init__(self, **values: Any) -> None:
        self.p = SimpleNamespace(**params_parse(type(self), values))
        self.state: dict[str, Any] = {}

    def setup(self, setup: Setup) -> None:
        """Ask for indicators. Called once, before anything else."""

    def on_candle(self, ctx: Context, candle: CandleView) -> None:
        """A candle closed. Of two that close on the same tick the longer timeframe is told first."""

    def on_tick(self, ctx: Context, tick: TickView) -> None:
        """A tick arrived; indicators show provisional values. Override only if you need it: it costs."""

    def on_fill(self, ctx: Context, fill: Fill) -> None:
        """One of our orders traded; the position already includes it."""

    def on_timer(self, ctx: Context, name: str) -> None:
        """A timer set through the context is due."""


def params_parse(strategy: type[Strategy], values: Mapping[str, object]) -> dict[str, ParamValue]:
    """Defaults overlaid with `values`, each in its type and range. Raises BadInput naming the parameter."""
    known = {param.name: param for param in strategy.params}
    for name in values:
        if name not in known:
            offered = ", ".join(known) or "none"
            raise BadInput(f"{strategy.key} has no parameter {name!r}; it has: {offered}", field=name)
    return {name: param.parse(values.get(name, param.default)) for name, param in known.items()}
