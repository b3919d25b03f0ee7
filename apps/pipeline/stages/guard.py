"""guard: each wish is sized and put through the one risk door; what passes becomes an order."""

from __future__ import annotations

from contextlib import nullcontext

from django.db import transaction

from apps.bus.codecs import decode
from apps.common.outbox import outbox_flush
from apps.domain.messages import Advance, CancelWanted, Signal
from apps.domain.ports import BusPort, Message
from apps.execution import services
from apps.pipeline import flow


class Guard:
    """The database and the outgoing message change together; the outbox is published before the next wish is read.

    Advance passes through untouched, behind the orders of its batch: a lane says nothing more until it is answered.
    """

    name = "guard"
    reads = (flow.SIGNALS,)
    writes = (flow.ORDERS,)

    def __init__(self, bus: BusPort) -> None:
        self._bus = bus

    def handle(self, messages: list[Message]) -> None:
        wishes = [(decode(message.payload), message.payload) for message in messages]
        asked = [wish for wish, _ in wishes if isinstance(wish, Signal | CancelWanted)]
        if asked:
            self._decide(asked)
        outbox_flush(self._bus)  # also what doors elsewhere left meanwhile
        for wish, payload in wishes:
            if isinstance(wish, Advance):
                self._bus.post(flow.ORDERS, wish.account_id, payload)

    def _decide(self, asked: list[Signal | CancelWanted]) -> None:
        """One transaction for all that came together: a commit costs as much as a decision."""
        with transaction.atomic() if len(asked) > 1 else nullcontext():
            for wish in asked:
                if isinstance(wish, Signal):
                    services.signal_submit(wish)
                else:
                    services.cancel_wanted(wish)
        for wish in asked:
            self.decided(wish)

    def decided(self, wish: Signal | CancelWanted) -> None:
        """The answer stands in the database. For whoever measures."""

    def idle(self) -> None:
        """What doors elsewhere (pages, API, a restart) left in the outbox leaves through here."""
        outbox_flush(self._bus)
