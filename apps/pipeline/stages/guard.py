"""guard: each wish is sized and put through the one risk door; what passes becomes an order."""

from __future__ import annotations

from apps.bus.codecs import decode
from apps.common.outbox import outbox_flush
from apps.domain.messages import Advance, CancelWanted, Signal
from apps.domain.ports import BusPort, Message
from apps.execution import services
from apps.pipeline import flow


class Guard:
    """The database and the outgoing message change together; the outbox is published before the next wish is read.

    Advance passes through untouched: being published after the orders before it, it can never overtake them.
    """

    name = "guard"
    reads = (flow.SIGNALS,)
    writes = (flow.ORDERS,)

    def __init__(self, bus: BusPort) -> None:
        self._bus = bus

    def handle(self, messages: list[Message]) -> None:
        for message in messages:
            wish = decode(message.payload)
            if isinstance(wish, Advance):
                self._bus.post(flow.ORDERS, wish.account_id, message.payload)
            elif isinstance(wish, Signal):
                services.signal_submit(wish)
                self.decided(wish)
                outbox_flush(self._bus)
            elif isinstance(wish, CancelWanted):
                services.cancel_wanted(wish)
                outbox_flush(self._bus)

    def decided(self, signal: Signal) -> None:
        """The decision stands in the database. For whoever measures."""

    def idle(self) -> None:
        """What doors elsewhere (pages, API, a restart) left in the outbox leaves through here."""
        outbox_flush(self._bus)
