"""Serve the bus's lag, throughput and under-replicated partitions to Prometheus, as /metrics on a port of its own."""

from __future__ import annotations

import signal
from argparse import ArgumentParser
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from apps.bus.kafka_metrics import exposition
from apps.domain.errors import VeloxError
from velox.wiring import bus_admin


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=9108)

    def handle(self, *, host: str, port: int, **options: Any) -> None:
        if settings.BUS != "kafka":
            raise CommandError("the bus of this installation lives inside its process: there are no brokers to measure")
        admin = bus_admin()

        class Metrics(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path != "/metrics":
                    self.send_error(404)
                    return
                try:
                    status, text = 200, exposition(admin.report())
                except VeloxError as error:
                    status, text = 503, f"# {error.message}\n"
                self.send_response(status)
                self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *args: Any) -> None:
                """Scrapes come every few seconds: the log is for what is unusual."""

        signal.signal(signal.SIGTERM, signal.default_int_handler)
        with ThreadingHTTPServer((host, port), Metrics) as server:
            self.stdout.write(f"bus metrics on http://{host}:{server.server_port}/metrics")
            try:
                server.serve_forever()
            except KeyboardInterrupt:
                admin.close()
