"""May this run? Asked when a run is made and again when it starts, so that a form can say what is wrong."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from apps.domain.errors import BadInput
from apps.domain.strategies import STRATEGIES, params_parse


@dataclass(frozen=True, slots=True)
class _Unheard:
    """An indicator's output before the first candle."""

    now: float = math.nan

    def ago(self, candles: int) -> float:
        return math.nan


@dataclass(frozen=True, slots=True)
class _Rehearsal:
    """Lets a strategy say what it would need, so that it can refuse parameters that do not go together."""

    timeframe: int

    def indicator(self, text: str, *, timeframe: int | None = None, output: str | None = None) -> _Unheard:
        return _Unheard()

    def candles(self, timeframe: int) -> None:
        pass


def strategy_check(strategy: str, values: Mapping[str, Any], timeframe: int) -> dict[str, Any]:
    """Every parameter in its type and range. Raises BadInput naming the one that is wrong, alone or with others."""
    if strategy not in STRATEGIES:
        raise BadInput(f"no strategy is called {strategy!r}; there are {', '.join(STRATEGIES)}", field="strategy")
    params = dict(params_parse(STRATEGIES[strategy], values))
    STRATEGIES[strategy](**params).setup(_Rehearsal(timeframe))
    return params
