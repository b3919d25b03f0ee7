"""The ASGI door: websockets under /ws/live, everything else to Django (in the embedded shape)."""

from __future__ import annotations

from channels.routing import ProtocolTypeRouter
from django.core.asgi import get_asgi_application

from velox.env import default_settings, numba_cache_prepare

default_settings()
numba_cache_prepare()
_http = get_asgi_application()  # sets Django up: what follows needs its apps

from velox.routing import websocket_application  # noqa: E402

application = ProtocolTypeRouter({"http": _http, "websocket": websocket_application()})
