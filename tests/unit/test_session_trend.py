"""Session trend can be told any trading window there is, and no other."""

from __future__ import annotations

import pytest

from apps.domain.sessions import CRYPTO, WINDOWS
from apps.domain.strategies import STRATEGIES

SESSION = next(param for param in STRATEGIES["session_trend"].params if param.name == "session")
NOON = 1_704_110_400_000_000_000


@pytest.mark.parametrize("name", SESSION.choices)
def test_every_session_it_offers_is_known_to_the_calendars(name: str) -> None:
    CRYPTO.window_at(name, NOON)  # raises BadInput for a window nobody knows


def test_it_offers_them_all() -> None:
    assert set(SESSION.choices) == set(WINDOWS)
