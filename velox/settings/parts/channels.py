"""Websocket groups: one subscription per process and topic, so a plain pub/sub layer is enough."""

from typing import Any

from velox.env import env

CHANNEL_LAYERS: dict[str, Any] = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [env.text("REDIS_URL")]},
    }
    if env.text("REDIS_URL")
    else {"BACKEND": "channels.layers.InMemoryChannelLayer", "CONFIG": {"capacity": 1000}}
}
