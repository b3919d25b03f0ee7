"""settle: what happened at the venue → orders, positions and ledger; then everybody may know."""

from __future__ import annotations

from django.db import transaction

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
        events = [decode(message.payload) for message in messages]
        told = [event for event in events if isinstance(event, Fill | OrderChanged)]
        if told:
            with transaction.atomic():  # one commit for all that came together
                for event in told:
                    self._book(event)
            outbox_flush(self._bus)
        for event in events:
            if isinstance(event, Fill | OrderChanged | Advanced):
                self._bus.post(flow.POSITIONS, event.account_id, encode(event))

    def _book(self, event: Fill | OrderChanged) -> None:
        if isinstance(event, Fill):
            services.fill_apply(event)
        else:
            services.order_event_apply(event)
