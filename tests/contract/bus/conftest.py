"""The buses that must all behave alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from apps.bus.memory import MemoryBus
from apps.bus.topics import Topic
from apps.domain.ports import BusPort

MakeBus = Callable[..., BusPort]


@pytest.fixture(params=["memory"])
def make_bus(request: pytest.FixtureRequest) -> Iterator[MakeBus]:
    """A maker of empty buses with the topics given."""
    made: list[BusPort] = []

    def make(*topics: Topic) -> BusPort:
        made.append({"memory": MemoryBus}[request.param](topics))
        return made[-1]

    yield make
    for bus in made:
        bus.close()
