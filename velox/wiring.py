"""The composition root: what the settings name becomes objects here, and nowhere else.

    stage modules   apps/pipeline/stages/<name>.py: `build(system) -> stage` for the host,
                    and ingest's `build(system)` gives what a feed's frames are handed to: `take(rows)`
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from functools import cached_property
from importlib import import_module
from typing import Any, Final

from django.conf import settings

from apps.bus.memory import BusTape, MemoryBus
from apps.domain.errors import Misconfigured
from apps.domain.ports import Clock, TapePort
from apps.pipeline.flow import FLOW
from apps.pipeline.host import StageHost, StageLike, WaitingBus

HOSTED: Final = tuple(stage.name for stage in FLOW if stage.reads)  # ingest reads no topic: feeds drive it


class WallClock:
    """The one place that asks the machine for the time."""

    def now_ns(self) -> int:
        return time.time_ns()


class System:
    """What one process is made of. Every part is made when first asked for; tests hand in their own."""

    def __init__(self, bus: WaitingBus | None = None, clock: Clock | None = None) -> None:
        self.bus: WaitingBus = bus or _bus()
        self.clock: Clock = clock or WallClock()

    @cached_property
    def tape(self) -> TapePort:
        """The ticks by their place on the bus."""
        return BusTape(self.bus)

    def stages(self, names: Sequence[str] = ()) -> list[StageLike]:
        """The stages of these names, in the order of the path; all of them where none is named."""
        wanted = HOSTED if list(names) in ([], ["all"]) else tuple(names)
        unknown = [name for name in wanted if name not in HOSTED]
        if unknown:
            raise Misconfigured(f"VELOX_STAGES names {', '.join(unknown)}; there are {', '.join(HOSTED)}, all and none")
        return [stage_module(name).build(self) for name in HOSTED if name in wanted]

    def stage_host(self, names: Sequence[str] = (), on_broken: Callable[[str], None] | None = None) -> StageHost:
        return StageHost(self.bus, self.stages(names), on_broken=on_broken)

    def ingest(self) -> Any:
        """The door for a feed's frames."""
        return stage_module("ingest").build(self)


def stage_module(name: str) -> Any:
    return import_module(f"apps.pipeline.stages.{name}")


def _bus() -> WaitingBus:
    if settings.BUS != "memory":
        raise Misconfigured(f"there is no bus called {settings.BUS!r} in this installation: leave KAFKA_BROKERS empty")
    return MemoryBus()


_system: System | None = None
_making = threading.Lock()


def system() -> System:
    """The parts of this process, made once."""
    global _system
    with _making:
        if _system is None:
            _system = System()
        return _system


def system_set(made: System | None) -> None:
    """Use these parts from now on (None: make new ones when asked). For tests and for the embedded process."""
    global _system
    with _making:
        _system = made
