"""manage.py velox_run: the whole of Velox in this process, until Ctrl-C."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Iterator
from typing import Any

import uvicorn
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.module_loading import import_string

from apps.domain.errors import Misconfigured
from apps.pipeline.embedded import Embedded
from apps.pipeline.one_only import take
from apps.pipeline.startup import startup

CLOSE_S = 5  # how long open connections may take to end


class Server(uvicorn.Server):
    """uvicorn that leaves the signals to us: feeds and stages end before it does."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Command(BaseCommand):
    help = "Runs everything in one process: pages, sockets, stages and the market. Ctrl-C ends it cleanly."
    requires_system_checks: list[str] = []  # the door is open already; `make check` runs them

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default=settings.WEB_HOST)
        parser.add_argument("--port", type=int, default=settings.WEB_PORT)

    def handle(self, *args: Any, **options: Any) -> None:
        from velox.door import door_open

        try:
            self.lock = take(settings.VAR_DIR)
            self.door = door_open(options["host"], options["port"])
        except Misconfigured as error:
            raise CommandError(error.message) from error
        except OSError as error:
            raise CommandError(f"{options['host']}:{options['port']} cannot be had ({error}): try PORT=8001") from error
        self.host = options["host"]
        self.code: int | None = None
        self.server: Server | None = None
        self.application: Any = None
        self.turn = threading.Event()
        self.embedded = Embedded(startup, self._pages_ready, self._ended)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._asked_to_stop)
        self._announce()
        self.embedded.start()
        while not self.turn.wait(0.1):  # in short waits, so that a signal is heard
            pass
        if self.code is None:
            self._serve()
        sys.stdout.flush()
        raise SystemExit(self.code or 0)

    def _serve(self) -> None:
        """Serve pages and sockets on the door's socket until the end."""
        self.server = Server(
            import_string(settings.WEB_SERVER_CONFIG)(
                self.application,
                log_config=None,
                lifespan="off",
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=CLOSE_S,
            )
        )
        self.server.run(sockets=[self.door.hand_over()])

    def _pages_ready(self, application: Any) -> None:
        self.application = application
        self.turn.set()

    def _ended(self, code: int) -> None:
        self.code = code
        if self.server is not None:
            self.server.should_exit = True
        self.turn.set()

    def _asked_to_stop(self, number: int, frame: Any) -> None:
        if self.embedded.is_stopping:
            os.write(2, b"velox: asked twice, ending at once\n")
            os._exit(130)
        self.embedded.stop()

    def _announce(self) -> None:
        shown = "localhost" if self.host in ("127.0.0.1", "0.0.0.0", "::", "::1") else self.host  # noqa: S104
        self.stdout.write(f"\n  Velox   http://{shown}:{self.door.port}/\n")
        if settings.DEMO:
            from apps.execution.management.commands.velox_demo import PASSWORD, PEOPLE

            logins = ", ".join(f"{name} ({role.label.lower()})" for name, role, _ in PEOPLE)
            self.stdout.write(f"  Log in  {logins}; password {PASSWORD}")
        self.stdout.write("  Stop    Ctrl-C\n\n")
        self.stdout.flush()
