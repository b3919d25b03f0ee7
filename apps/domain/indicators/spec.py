"""What is known about one indicator: enough to make its form, its chart and its page of documentation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from apps.domain.errors import BadInput
from apps.domain.indicators.compiled import Step


class Draw(StrEnum):
    """How a chart shows an output."""

    LINE = "line"
    BAND = "band"  # edge of an area; the outputs drawn as bands belong together
    HISTOGRAM = "histogram"
    DOTS = "dots"
    LEVEL = "level"  # holds for a session: steps, not slopes
    NONE = "none"  # for rules, not for the eye


class Pane(StrEnum):
    OVERLAY = "overlay"  # in quote currency, over the candles
    OWN = "own"


@dataclass(frozen=True, slots=True)
class Param:
    """One number a user may choose: low <= value <= high, in steps of `step` for forms and sweeps."""

    name: str
    default: float
    low: float
    high: float
    help: str
    step: float = 1.0

    @property
    def whole(self) -> bool:
        """Only whole numbers make sense: the step and the bounds are whole."""
        return all(float(x).is_integer() for x in (self.step, self.low, self.default))

    def check(self, value: object) -> float:
        """`value` as a float. Raises BadInput naming the parameter and its range."""
        kind = "a whole number" if self.whole else "a number"
        sentence = f"{self.name} must be {kind} from {self.low:g} to {self.high:g}, was {value!r}"
        if isinstance(value, bool) or not isinstance(value, (int, float, str)):
            raise BadInput(sentence, field=self.name, low=self.low, high=self.high)
        try:
            number = float(value)
        except ValueError:
            raise BadInput(sentence, field=self.name, low=self.low, high=self.high) from None
        if not self.low <= number <= self.high or (self.whole and not number.is_integer()):
            raise BadInput(sentence, field=self.name, low=self.low, high=self.high)
        return number


def period(default: int, low: int = 1, help: str = "candles looked at", name: str = "period") -> Param:
    """The parameter nearly every indicator has."""
    return Param(name, default, low, 5000, help)


Count = Callable[..., int]


@dataclass(frozen=True, slots=True)
class Output:
    """One column. `shift` (of the parameters): candles by which a chart draws it later (or earlier, below 0);
    the value itself always stands at the candle that made it."""

    name: str
    draw: Draw = Draw.LINE
    shift: Count | None = None


@dataclass(frozen=True, slots=True)
class Spec:
    """One indicator.

    The functions are called with the parameters in their order. `warm_up`: candles until every output has its
    first final value. `sessions`: where not None, candles must also reach back to the opening of the session this
    many before the running one, and `warm_up` counts from there. `state`: floats of state. `constants`: numbers
    worked out once and put behind the parameters. `rule`: (field, sentence) where values that are fine alone do
    not go together.
    """

    name: str
    title: str
    params: tuple[Param, ...]
    inputs: tuple[str, ...]
    outputs: tuple[Output, ...]
    pane: Pane
    warm_up: Count
    state: Count
    step: Step
    source: str
    constants: Callable[..., Sequence[float]] = lambda *_: ()
    rule: Callable[..., tuple[str, str] | None] = lambda *_: None
    sessions: int | None = None

    def values(self, given: Sequence[object] = (), named: dict[str, object] | None = None) -> tuple[float, ...]:
        """All parameters, defaults filled in. Raises BadInput naming the field and what it may be."""
        named = dict(named or {})
        names = [param.name for param in self.params]
        if len(given) > len(names):
            raise BadInput(f"{self.name} takes {len(names)} parameters, was given {len(given)}", field=self.name)
        for name in named:
            if name not in names[len(given) :]:
                raise BadInput(f"{self.name} has no parameter {name} to set; it has: {', '.join(names)}", field=name)
        found: list[float] = []
        for place, param in enumerate(self.params):
            value = given[place] if place < len(given) else named.get(param.name, param.default)
            found.append(param.check(value))
        broken = self.rule(*found)
        if broken:
            raise BadInput(broken[1], field=broken[0])
        return tuple(found)
