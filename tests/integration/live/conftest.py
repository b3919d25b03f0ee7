from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.live.desk import Desk, Server, served


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def server(desk: Desk) -> Iterator[Server]:
    with served(desk) as running:
        yield running
