"""Where websockets go: the origin is checked, then the path, then the session."""

from __future__ import annotations

from typing import Any

from channels.auth import AuthMiddlewareStack
from channels.security.websocket import AllowedHostsOriginValidator

from apps.dashboard.consumers import LiveApp
from apps.dashboard.live.database import DatabaseSources
from apps.dashboard.live.sources import Sources

LIVE_PATH = "/ws/live"


def websocket_application(sources: Sources | None = None) -> Any:
    """The ASGI websocket application of one process (one hub for each event loop it is served on)."""
    return AllowedHostsOriginValidator(_OnePath(AuthMiddlewareStack(LiveApp(sources or DatabaseSources()))))


class _OnePath:
    """Refuses every other path before a session is looked up."""

    def __init__(self, live: Any) -> None:
        self._live = live

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["path"].rstrip("/") == LIVE_PATH:
            await self._live(scope, receive, send)
            return
        await receive()
        await send({"type": "websocket.close", "code": 4404, "reason": f"sockets live at {LIVE_PATH}"})
