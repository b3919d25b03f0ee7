"""The front door's first minute: it answers while everything behind it is still being imported.

The listening socket is bound once and never closed until the process ends: this small server answers health
and a page that tells how far the start has come, then uvicorn takes the very same socket. Nobody is refused
in between; the system holds their connections for the moment of the change.
Only the standard library, so that it is open a moment after Python is.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import threading
from contextlib import suppress
from html import escape
from select import select

from apps.pipeline.startup import DONE, FAILED, RUNNING, Startup, startup
from velox.env import env

_ANSWER_S = 2.0  # a caller that sends nothing for this long is let go
_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="1">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>Velox is starting</title><style>
:root {{ color-scheme: light dark }} body {{ font: 16px/1.6 system-ui, sans-serif; margin: 18vh auto; max-width: 26rem;
padding: 0 1.5rem }} h1 {{ font-size: 1.4rem; font-weight: 600 }} ol {{ list-style: none; padding: 0 }}
li {{ opacity: .45 }} li.running, li.done, li.failed {{ opacity: 1 }} li b {{ display: inline-block; width: 1.6em;
font-weight: 400 }} li.failed {{ color: #d33 }} small {{ opacity: .65; margin-left: .4rem }}
</style></head><body><main><h1>Velox is starting</h1><ol>{steps}</ol></main></body></html>"""
_MARKS = {DONE: "✓", RUNNING: "…", FAILED: "✗"}


class Door:
    """Listens on an address and answers by itself until `hand_over()`."""

    def __init__(self, host: str, port: int, startup: Startup) -> None:
        """Raises OSError where the address cannot be had."""
        self._startup = startup
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind((host, port))
        self.socket.listen(512)
        self.port: int = self.socket.getsockname()[1]
        self._open = True
        self._wake, self._woken = socket.socketpair()
        self._thread = threading.Thread(target=self._serve, name="velox-door", daemon=True)
        self._thread.start()

    def hand_over(self) -> socket.socket:
        """Stop answering and give the socket, still listening, to the next server."""
        self._open = False
        self._wake.send(b"x")
        self._thread.join(_ANSWER_S + 1)
        for end in (self._wake, self._woken):
            end.close()
        return self.socket

    def _serve(self) -> None:
        self.socket.setblocking(False)
        while self._open:
            ready, _, _ = select([self.socket, self._woken], [], [])
            if not self._open or self.socket not in ready:
                continue
            try:
                caller, _ = self.socket.accept()
                with caller:
                    caller.settimeout(_ANSWER_S)
                    caller.sendall(self._answer(caller.recv(8192)))
                    caller.shutdown(socket.SHUT_WR)
                    while caller.recv(8192):
                        pass
            except OSError:
                continue  # the caller went away

    def _answer(self, request: bytes) -> bytes:
        line = request.split(b"\r\n", 1)[0].split(b" ")
        path = line[1].split(b"?")[0].rstrip(b"/").decode("latin-1") if len(line) == 3 else ""
        if path == "/health/live":
            return _response(200, "application/json", json.dumps({"status": "live"}))
        if path == "/health/ready":
            body = {"status": "not ready", "checks": {"startup": self._startup.reason() or "starting"}}
            return _response(503, "application/json", json.dumps(body | {"startup": self._startup.as_dict()}))
        return _response(503, "text/html; charset=utf-8", self._page())

    def _page(self) -> str:
        steps = self._startup.as_dict()["steps"]
        return _PAGE.format(
            steps="".join(
                f'<li class="{step["state"]}"><b>{_MARKS.get(step["state"], "")}</b>{escape(step["says"])}'
                f"<small>{escape(step['detail'])}</small></li>"
                for step in steps
            )
        )


def _response(status: int, kind: str, text: str) -> bytes:
    body = text.encode()
    head = (
        f"HTTP/1.1 {status} {'OK' if status == 200 else 'Service Unavailable'}\r\nContent-Type: {kind}\r\n"
        f"Content-Length: {len(body)}\r\nCache-Control: no-store\r\nRetry-After: 1\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body


_opened: Door | None = None


def door_open_early(arguments: list[str]) -> None:
    """Before Django is even imported. Where the address cannot be had, the command says so later.

    Until the command listens to signals itself nothing has begun that could be lost: Ctrl-C just ends it.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: os._exit(0))
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--host", default=env.text("HOST"))
    parser.add_argument("--port", type=int, default=env.number("PORT"))
    with suppress(OSError, SystemExit):
        chosen, _ = parser.parse_known_args(arguments)
        door_open(chosen.host, chosen.port)


def door_open(host: str, port: int) -> Door:
    """The door of this process, opened once: manage.py opens it first thing, velox_run takes it over."""
    global _opened
    if _opened is None:
        _opened = Door(host, port, startup)
    return _opened
