"""Where websockets go: pages by origin and session, programs by key or token, nobody anywhere else."""

from __future__ import annotations

from typing import Any

from channels.auth import AuthMiddlewareStack
from channels.security.websocket import AllowedHostsOriginValidator

from apps.dashboard.consumers import LiveApp
from apps.dashboard.live.database import DatabaseSources
from apps.dashboard.live.sources import Sources

LIVE_PATH = "/ws/live"
PROGRAMS_PATH = "/ws/v1"


def websocket_application(sources: Sources | None = None) -> Any:
    """The ASGI websocket application of one process (one hub for each event loop it is served on)."""
    live = LiveApp(sources or DatabaseSources())
    return _Paths(
        {LIVE_PATH: AllowedHostsOriginValidator(AuthMiddlewareStack(live)), PROGRAMS_PATH: live.programs},
    )


class _Paths:
    """Refuses every other path before anything is looked up."""

    def __init__(self, doors: dict[str, Any]) -> None:
        self._doors = doors

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        door = self._doors.get(scope["path"].rstrip("/"))
        if door is not None:
            await door(scope, receive, send)
            return
        await receive()
        await send({"type": "websocket.close", "code": 4404, "reason": f"sockets live at {' and '.join(self._doors)}"})
