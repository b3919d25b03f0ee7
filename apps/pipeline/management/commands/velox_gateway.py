"""Run the market's feeds onto the bus, and nothing else: a cluster's own process for them, until SIGTERM."""

from __future__ import annotations

import logging
import signal
import threading
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from apps.domain.errors import Misconfigured
from apps.pipeline.one_only import take
from velox.wiring import system

log = logging.getLogger("velox.gateway")

LOOK_S = 1.0


class Command(BaseCommand):
    help = __doc__

    def handle(self, **options: Any) -> None:
        if settings.BUS != "kafka":
            raise CommandError("feeds need a bus that other processes can read: name brokers in KAFKA_BROKERS")
        try:
            self.lock = take(settings.VAR_DIR)
        except Misconfigured as error:
            raise CommandError(error.message) from error
        stop = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        ingests = system().ingests()
        log.info("%d candles stored", system().look_back([ingest.feed for ingest in ingests]))
        for ingest in ingests:
            ingest.start()
        self.stdout.write(f"feeding {', '.join(ingest.feed.name for ingest in ingests)}")
        alive = settings.VAR_DIR / "gateway.alive"  # its age is what a health check looks at
        while not stop.wait(LOOK_S):
            if broken := [f"{ingest.feed.name}: {ingest.error}" for ingest in ingests if ingest.error]:
                self._end(ingests)
                raise CommandError("; ".join(broken))  # whoever supervises this process starts it again
            alive.touch()
        if not self._end(ingests):
            raise CommandError("a feed did not end in time")

    @staticmethod
    def _end(ingests: list[Any]) -> bool:
        """Stop the feeds and wait until all they gave is on the bus."""
        stopped = [ingest.stop() for ingest in ingests]
        bus = system().bus
        bus.flush(timeout_s=10.0)
        bus.close()
        return all(stopped)
