"""What integration tests may ask for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from apps.execution.facts import instruments
from apps.marketdata.quotes import board
from tests.integration.money import Desk


@pytest.fixture
def desk(db: None) -> Iterator[Desk]:
    """An account of 100,000 USD and an instrument at 100, seen just now."""
    board.clear()
    instruments.forget()
    yield Desk()
    board.clear()
    instruments.forget()
