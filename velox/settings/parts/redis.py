"""Redis carries websocket groups, Celery's queue and shared caches of a cluster; embedded needs none."""

from typing import Any

from velox.env import env

REDIS_URL = env.text("REDIS_URL")

CACHES: dict[str, Any] = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
    if REDIS_URL
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "OPTIONS": {"MAX_ENTRIES": 10_000}}
}
