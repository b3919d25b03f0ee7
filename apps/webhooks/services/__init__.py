"""Making and ending webhooks, and taking what comes through them."""

from apps.webhooks.services.deliveries import Arrival, Outcome, delivery_broke, delivery_replay, delivery_take
from apps.webhooks.services.hooks import Opened, hook_authenticate, hook_create, hook_rotate, hook_switch

__all__ = [
    "Arrival",
    "Opened",
    "Outcome",
    "delivery_broke",
    "delivery_replay",
    "delivery_take",
    "hook_authenticate",
    "hook_create",
    "hook_rotate",
    "hook_switch",
]
