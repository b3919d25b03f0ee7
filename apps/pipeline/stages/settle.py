"""settle: what happened at the venue → orders, positions and ledger; then everybody may know."""

from __future__ import annotations

from apps.bus.codecs import decode, encode
from apps.common.outbox import outbox_flush
from apps.domain.messages import Advanced, Fill, OrderChanged
from apps.domain.ports import BusPort, Message
from apps.execution import services
from apps.pipeline import flow


class Settle:
    """Books fills and order steps, then passes them on: a strategy learns of its fill once it is booked."""

    name = "settle"
    reads = (flow.FILLS,)
    writes = (flow.POSITIONS,)

    def __init__(self, bus: BusPort) -> None:
        self._bus = bus

    def handle(self, messages: list[Message]) -> None:
        for message in messages:
            event = decode(message.payload)
            if isinstance(event, Fill):
                services.fill_apply(event)
                outbox_flush(self._bus)
            elif isinstance(event, OrderChanged):
                services.order_event_apply(event)
                outbox_flush(self._bus)
            if isinstance(event, Fill | OrderChanged | Advanced):
                self._bus.post(flow.POSITIONS, event.account_id, encode(event))
