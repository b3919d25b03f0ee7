"""Candles shared by the proofs."""

from __future__ import annotations

import pytest

from apps.domain.frames import CandleArray
from tests.unit.indicators.candles import made_up, recorded


@pytest.fixture(scope="session")
def awkward() -> CandleArray:
    """2,000 made-up candles with flat stretches, silent candles and sessions."""
    return made_up(2000)


@pytest.fixture(scope="session")
def us30() -> CandleArray:
    """11,998 recorded five-minute candles of US30."""
    return recorded("cfd/us30_mt5_m5_utc.csv.gz")
