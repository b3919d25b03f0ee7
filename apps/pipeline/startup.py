"""How far a starting process has come: steps with their progress, for the log, for health and for people who wait.

Only the standard library: the front door shows it before anything else is imported.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

WAITING, RUNNING, DONE, FAILED = "waiting", "running", "done", "failed"


@dataclass(slots=True)
class Step:
    """`detail`: what is going on, in words. `part`: how much of it is done, 0 to 1."""

    name: str
    says: str
    holds_up: bool = True  # nobody is ready before it is done
    state: str = WAITING
    detail: str = ""
    part: float = 0.0
    seconds: float = 0.0

    def progress(self, part: float, detail: str) -> None:
        self.part, self.detail = part, detail


class Startup:
    """The steps of one start, in order. Written by the starting threads, read by anybody."""

    def __init__(self) -> None:
        self.began = time.monotonic()
        self.steps: dict[str, Step] = {}
        self._lock = threading.Lock()

    def plan(self, **steps: str) -> None:
        """Name the steps to come: name=what it does, for people."""
        with self._lock:
            self.steps.update({name: Step(name, says) for name, says in steps.items()})

    def plan_later(self, **steps: str) -> None:
        """Steps that are taken while everything runs already."""
        with self._lock:
            self.steps.update({name: Step(name, says, holds_up=False) for name, says in steps.items()})

    @contextmanager
    def step(self, name: str) -> Iterator[Step]:
        """Run one planned step; an error marks it failed and goes on to the caller."""
        step, began = self.steps[name], time.monotonic()
        step.state = RUNNING
        try:
            yield step
        except BaseException as error:
            step.state, step.detail = FAILED, f"{type(error).__name__}: {error}"
            raise
        finally:
            step.seconds = round(time.monotonic() - began, 2)
        step.state, step.part = DONE, 1.0

    @property
    def is_done(self) -> bool:
        needed = [step for step in self.steps.values() if step.holds_up]
        return bool(needed) and all(step.state == DONE for step in needed)

    def reason(self) -> str:
        """Why the start is not over, or an empty string: a readiness check."""
        with self._lock:
            for step in self.steps.values():
                if step.holds_up and step.state in (RUNNING, FAILED):
                    return f"{step.says}{': ' if step.detail else ''}{step.detail}"
            return "" if self.is_done else "starting"

    def as_dict(self) -> dict[str, Any]:
        with self._lock:
            steps = [
                {"name": step.name, "says": step.says, "state": step.state, "detail": step.detail, "part": step.part,
                 "seconds": step.seconds}
                for step in self.steps.values()
            ]  # fmt: skip
        return {"done": self.is_done, "seconds": round(time.monotonic() - self.began, 1), "steps": steps}


startup = Startup()
"""This process's start."""
