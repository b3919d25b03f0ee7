"""How many requests one user (or, logged out, one address) may make: counted in the cache all processes share."""

from __future__ import annotations

import time
from typing import Any

from django.conf import settings
from django.core.cache import cache
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from apps.common.requests import client_address


class RateThrottle(BaseThrottle):
    """`settings.API_RATES`: name -> (requests, seconds); an operation names its rate, None is never held up.

    Two counters, of the window that runs and of the one before, weighed by how far the window has run:
    as even as a sliding window, at one atomic increment a request.
    """

    def allow_request(self, request: Request, view: Any) -> bool:
        name = view.rate_name()
        rate = settings.API_RATES.get(name) if name else None
        if rate is None:
            return True
        self._most, self._window_s = rate
        who = f"u{request.user.pk}" if request.user.is_authenticated else f"a{client_address(request._request)}"
        now = time.time()
        number, self._run = divmod(now, self._window_s)
        stem = f"rate:{name}:{who}:"
        count = self._count(f"{stem}{int(number)}")
        self._before = cache.get(f"{stem}{int(number) - 1}", 0)
        return count + self._before * (1 - self._run / self._window_s) <= self._most

    def _count(self, key: str) -> int:
        cache.add(key, 0, self._window_s * 2)
        try:
            return int(cache.incr(key))
        except ValueError:  # it expired between the two
            cache.set(key, 1, self._window_s * 2)
            return 1

    def wait(self) -> float:
        """Seconds until the window has moved on; at most one window."""
        return max(1.0, self._window_s - self._run)
