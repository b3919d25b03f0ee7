"""What is compiled before the first tick is what the shipped strategies need."""

from __future__ import annotations

from typing import Any

import pytest

from apps.domain.indicators.registry import INDICATORS, parse
from apps.domain.strategies import STRATEGIES
from apps.pipeline.warmup import FIRST, pieces_later, pieces_needed


class Asked:
    """A setup that only notes which indicators are asked for."""

    timeframe = 300

    def __init__(self) -> None:
        self.names: set[str] = set()

    def indicator(self, text: str, **_: Any) -> None:
        self.names.add(parse(text).spec.name)

    def candles(self, timeframe: int) -> None:
        pass


@pytest.mark.parametrize("key", STRATEGIES)
def test_a_shipped_strategy_never_waits_for_the_compiler(key: str) -> None:
    asked = Asked()
    STRATEGIES[key]().setup(asked)  # type: ignore[arg-type]
    assert asked.names <= set(FIRST)


def test_every_indicator_is_compiled_once() -> None:
    names = [name for name, _ in (*pieces_needed(), *pieces_later())]
    assert len(names) == len(set(names)) and set(INDICATORS) <= set(names)


def test_every_piece_compiles() -> None:
    for name, compile_ in pieces_needed():
        assert compile_() is not False, name
