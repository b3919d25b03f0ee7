"""What leaves with a change: messages in the outbox, as the bus writes them. The one place that knows both."""

from __future__ import annotations

from typing import Final

from apps.bus.codecs import encode
from apps.common.outbox import outbox_add
from apps.domain.messages import CancelOrder, NewOrder, OrderChanged, PositionChanged

ORDERS: Final = "velox.orders"
POSITIONS: Final = "velox.positions"


def order_say(message: NewOrder | CancelOrder | OrderChanged) -> None:
    """To the venue; a refusal goes the same way, so that it reaches the strategy in its turn."""
    outbox_add(ORDERS, message.account_id, encode(message))


def position_say(message: PositionChanged) -> None:
    """To everybody who looks at positions."""
    outbox_add(POSITIONS, message.account_id, encode(message))
