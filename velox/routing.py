"""Where websockets go: the origin is checked, then the session, then the path."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Any

from channels.auth import AuthMiddlewareStack
from channels.routing import URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.urls import path

from apps.dashboard.consumers import LiveApp
from apps.dashboard.live.database import DatabaseSources
from apps.dashboard.live.sources import Sources


def velox_version() -> str:
    try:
        return version("velox")
    except PackageNotFoundError:  # run from its folder, not installed
        return "0.1.0"


def websocket_application(sources: Sources | None = None) -> Any:
    live = LiveApp(sources or DatabaseSources(), velox_version())
    return AllowedHostsOriginValidator(AuthMiddlewareStack(_Paths(URLRouter([path("ws/live", live)]))))


class _Paths:
    """An unknown path is refused with a word instead of a traceback in the log."""

    def __init__(self, routes: Any) -> None:
        self._routes = routes

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["path"] == "/ws/live":
            await self._routes(scope, receive, send)
            return
        await receive()
        await send({"type": "websocket.close", "code": 4404, "reason": "sockets live at /ws/live"})
