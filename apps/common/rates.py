"""How often something may happen, counted in the cache that all processes share."""

from __future__ import annotations

import time
from dataclasses import dataclass

from django.core.cache import cache


@dataclass(frozen=True, slots=True)
class Taken:
    """`used`: what this window holds by now, this one included; `wait_s`: until the window has moved on."""

    used: float
    wait_s: int


def rate_take(stem: str, window_s: int, now: float | None = None) -> Taken:
    """Count one more. Two counters, of the window that runs and of the one before, weighed by how far it has run:
    as even as a sliding window, at one atomic increment."""
    number, run = divmod(time.time() if now is None else now, window_s)
    count = _count(f"rate:{stem}:{int(number)}", window_s)
    before = cache.get(f"rate:{stem}:{int(number) - 1}", 0)
    return Taken(count + before * (1 - run / window_s), max(1, round(window_s - run)))


def _count(key: str, window_s: int) -> int:
    cache.add(key, 0, window_s * 2)
    try:
        return int(cache.incr(key))
    except ValueError:  # it expired between the two
        cache.set(key, 1, window_s * 2)
        return 1
