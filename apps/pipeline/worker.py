"""Stages in a Celery worker: started, watched and drained with it; and a worker inside a process of another kind."""

from __future__ import annotations

import logging
import threading
import time
from typing import Any

from celery import Celery, bootsteps
from celery.beat import Scheduler, Service
from celery.worker import state as worker_state
from django.conf import settings

from apps.common import health
from apps.pipeline.host import StageHost

log = logging.getLogger("velox.worker")

STALLED_S = 30.0  # a loop that took no turn for this long is not well
EXIT_BROKEN = 70  # the worker's exit code when its stage loop broke: a supervisor starts it again


class StageStep(bootsteps.StartStopStep):  # type: ignore[misc]
    """Hosts the stages named in VELOX_STAGES (none given: all; `none`: none) as a step of a Celery worker."""

    requires = ("celery.worker.components:Pool",)

    def __init__(self, worker: Any, **options: Any) -> None:
        super().__init__(worker, **options)
        self.host: StageHost | None = None
        worker.stage_step = self

    def include_if(self, worker: Any) -> bool:
        return list(settings.VELOX_STAGES) != ["none"]

    def start(self, worker: Any) -> None:
        from velox.wiring import system

        self.host = system().stage_host(settings.VELOX_STAGES, on_broken=self._broken)
        health.register("stages", self.check)
        self.host.start()
        log.info("stages started", extra={"stages": [stage["name"] for stage in self.host.health()["stages"]]})

    def stop(self, worker: Any) -> None:
        """Finish what is on the bus, commit it, end. Celery calls this on SIGTERM before the pool goes."""
        if self.host is None:
            return
        health.register("stages", lambda: "the stages are being drained")
        drained = self.host.drain(settings.STAGES_DRAIN_S)
        log.log(
            logging.INFO if drained else logging.ERROR,
            "stages drained" if drained else "the stages could not finish all that was on the bus",
            extra={"stages": self.host.health()["stages"]},
        )
        self.host = None

    terminate = stop

    def check(self) -> str:
        """Why the stages are not well, or an empty string."""
        if self.host is None:
            return "the stages are not running"
        seen = self.host.health()
        if not seen["alive"]:
            return f"the stage loop has ended: {seen['error'] or 'no reason given'}"
        if seen["stalled_s"] > STALLED_S:
            return f"the stage loop has taken no turn for {seen['stalled_s']:.0f} s"
        return ""

    def _broken(self, error: str) -> None:
        worker_state.should_stop = EXIT_BROKEN


class EmbeddedWorker:
    """A Celery worker and its beat in threads of this process, on a broker inside it (`memory://`)."""

    def __init__(self, app: Celery, concurrency: int = 2) -> None:
        worker_state.should_stop = worker_state.should_terminate = None
        self._worker = app.WorkController(
            pool="threads",
            concurrency=concurrency,
            without_gossip=True,
            without_mingle=True,
            without_heartbeat=True,
            loglevel="INFO",
        )
        self._beat = Service(app, max_interval=1, scheduler_cls=Scheduler)
        self._threads = [
            threading.Thread(target=self._worker.start, name="velox-worker", daemon=True),
            threading.Thread(target=self._beat.start, name="velox-beat", daemon=True),
        ]

    def start(self, timeout_s: float = 20.0) -> None:
        """Start both and return once the stages run. Raises RuntimeError where they do not in time."""
        for thread in self._threads:
            thread.start()
        deadline = time.monotonic() + timeout_s
        while reason := self._worker.stage_step.check():
            if time.monotonic() > deadline or not self._threads[0].is_alive():
                raise RuntimeError(f"the worker did not start: {reason}")
            time.sleep(0.02)

    @property
    def host(self) -> StageHost | None:
        return self._worker.stage_step.host  # type: ignore[no-any-return]

    @property
    def is_well(self) -> bool:
        """Whether the worker runs and its stages have not ended by themselves."""
        return self._threads[0].is_alive() and self.host is not None and self.host.health()["alive"]

    def stop(self, timeout_s: float = 10.0) -> bool:
        """Stop beat, drain the stages, end the worker. False where something still ran after `timeout_s`."""
        self._beat.stop()
        self._worker.stop()
        for thread in self._threads:
            thread.join(timeout_s)
        return not any(thread.is_alive() for thread in self._threads)
