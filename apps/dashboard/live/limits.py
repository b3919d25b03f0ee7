"""How much one client may ask for. Each limit is told by name and number when somebody runs into it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, ClassVar, Final

from apps.domain.errors import RuleBroken

MAX_TEXT: Final = 16 * 1024  # characters of one message
MAX_CHANNELS: Final = 64  # on one socket
MAX_CHARTS: Final = 16  # of them, charts and candles
MAX_CHANNEL_TEXT: Final = 400
MAX_SOCKETS_KEY: Final = 10  # of one API key, in one server process
MAX_SOCKETS_USER: Final = 50  # of one user, pages and programs together
MAX_STRANGERS: Final = 200  # sockets that have not said yet who they are
BURST: Final = 100  # messages at once
RATE: Final = 10  # a second after that


class LimitReached(RuleBroken):
    """`facts`: `limit`, its name, and `most`, its number."""

    code: ClassVar[str] = "limit"

    def __init__(self, message: str, *, limit: str, most: int, **facts: Any) -> None:
        super().__init__(message, limit=limit, most=most, **facts)


class Bucket:
    """Lets `burst` pass at once and `rate` a second after that."""

    def __init__(self, burst: int = BURST, rate: float = RATE, clock: Callable[[], float] = time.monotonic) -> None:
        self._burst, self._rate, self._clock = burst, rate, clock
        self._left, self._at = float(burst), clock()

    def take(self) -> None:
        """Raises LimitReached when there is nothing left."""
        now = self._clock()
        self._left = min(self._burst, self._left + (now - self._at) * self._rate)
        self._at = now
        if self._left < 1:
            told = f"a socket says at most {self._burst} messages at once and {self._rate:g} a second after that"
            raise LimitReached(told, limit="messages", most=self._burst)
        self._left -= 1
