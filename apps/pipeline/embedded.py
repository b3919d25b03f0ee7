"""The embedded shape: everything in one process, started step by step behind an open door and ended without a loss."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db import connections
from django.utils.module_loading import import_string

from apps.common import health
from apps.pipeline.startup import Startup, Step
from apps.pipeline.worker import EmbeddedWorker

log = logging.getLogger("velox.run")

STEPS = {
    "migrate": "Preparing the database",
    "demo": "Loading demo data",
    "pages": "Opening the pages",
    "compile": "Compiling candles and indicators",
    "history": "Looking back",
    "stages": "Starting the stages",
    "feeds": "Opening the market",
}
LATER = {"rest": "Compiling the other indicators"}


class Embedded:
    """One process's parts in their order: `start` in a thread of its own, `stop` from any other.

    `on_end` is told the exit code once everything has ended: 0 where nothing was lost.
    """

    def __init__(self, startup: Startup, on_pages: Callable[[Any], None], on_end: Callable[[int], None]) -> None:
        self.startup, self._on_pages, self._on_end = startup, on_pages, on_end
        startup.plan(**STEPS)
        startup.plan_later(**LATER)
        self._worker: EmbeddedWorker | None = None
        self._ingests: list[Any] = []
        self._stopping = threading.Event()
        self._ending = threading.Lock()
        self._ended = False
        self._starter = threading.Thread(target=self._run, name="velox-start", daemon=True)

    def start(self) -> None:
        health.register("startup", self.startup.reason)
        self._starter.start()

    def stop(self) -> None:
        """Begin the end: returns at once; `on_end` hears when it is over. Asking again changes nothing."""
        if not self._stopping.is_set():
            self._stopping.set()
            threading.Thread(target=self._end, args=(0,), name="velox-stop").start()

    @property
    def is_stopping(self) -> bool:
        return self._stopping.is_set()

    # --- up

    def _run(self) -> None:
        try:
            if self._take(STEPS):
                log.info("ready after %.1f s", self.startup.as_dict()["seconds"])
                threading.Thread(target=self._take, args=(LATER,), name="velox-later", daemon=True).start()
                self._watch()
        except Exception as error:
            log.exception("Velox cannot go on: %s", error)
            if not self._stopping.is_set():
                self._stopping.set()
                self._end(1)
        finally:
            connections.close_all()

    def _take(self, steps: Iterable[str]) -> bool:
        """One step after the other; False where the end was asked for in between."""
        for name in steps:
            with self.startup.step(name) as step:
                getattr(self, f"_{name}")(step)
            if self._stopping.is_set():
                return False
            log.info("%s: %s %.1f s", step.says, step.detail or "done,", step.seconds)
        return True

    def _migrate(self, step: Step) -> None:
        call_command("migrate", interactive=False, verbosity=0)

    def _demo(self, step: Step) -> None:
        """Only into an empty installation: what people deleted stays deleted."""
        from apps.accounts.models import User

        if settings.DEMO and not User.objects.exists():
            call_command("velox_demo", verbosity=0)
        else:
            step.detail = "kept as it is,"

    def _pages(self, step: Step) -> None:
        self._on_pages(import_string(settings.ASGI_APPLICATION))

    def _compile(self, step: Step) -> None:
        from apps.pipeline.warmup import pieces_needed

        self._compile_all(step, pieces_needed())

    def _rest(self, step: Step) -> None:
        from apps.pipeline.warmup import pieces_later

        self._compile_all(step, pieces_later())

    def _compile_all(self, step: Step, todo: list[tuple[str, Callable[[], object]]]) -> None:
        for done, (name, compile_) in enumerate(todo):
            if self._stopping.is_set():
                return
            step.progress(done / len(todo), f"{done + 1} of {len(todo)}, {name}")
            compile_()
        step.detail = f"{len(todo)} pieces,"

    def _history(self, step: Step) -> None:
        from velox.wiring import system

        self._ingests = system().ingests()
        step.detail = f"{system().look_back([ingest.feed for ingest in self._ingests])} candles stored,"

    def _stages(self, step: Step) -> None:
        from celery_app import app

        self._worker = EmbeddedWorker(app)
        self._worker.start()

    def _feeds(self, step: Step) -> None:
        health.register("feeds", self._feed_trouble)
        for ingest in self._ingests:
            ingest.start()
        step.detail = ", ".join(ingest.feed.name for ingest in self._ingests) + ","

    def _feed_trouble(self) -> str:
        return "; ".join(f"{ingest.feed.name}: {ingest.error}" for ingest in self._ingests if ingest.error)

    def _watch(self) -> None:
        """Until the end: say when a feed is over; end the process when its stages are."""
        told: set[str] = set()
        while not self._stopping.wait(0.5):
            for ingest in self._ingests:
                if ingest.done.is_set() and ingest.feed.name not in told:
                    told.add(ingest.feed.name)
                    log.info("%s has ended after %d ticks", ingest.feed.name, ingest.ticks)
            if self._worker is not None and not self._worker.is_well:
                raise RuntimeError("the stages have ended by themselves; what is said above tells why")

    # --- down

    def _end(self, code: int) -> None:
        """Feeds first, then what is on the bus, then the server: nobody is left waiting for an answer."""
        with self._ending:
            if self._ended:
                return
            self._ended = True
        log.info("stopping: the feeds, then what is on the bus")
        if self._starter is not threading.current_thread():
            self._starter.join(60)
        ended = [ingest.stop() for ingest in self._ingests]  # all of them, before the stages
        ended.append(self._worker is None or self._worker.stop())
        if not all(ended):
            code = code or 1
            log.error("not everything could be finished; a restart takes up what was saved")
        connections.close_all()
        log.info("stopped" if code else "stopped; everything is saved")
        self._on_end(code)
