"""route: orders → the paper venue (or a broker) → what happened to them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from apps.bus.codecs import decode, encode
from apps.bus.topics import partition_of
from apps.domain import frames
from apps.domain.errors import NotFound
from apps.domain.frames import tape_at, tape_split
from apps.domain.messages import Advance, Advanced, CancelOrder, Fill, NewOrder, OrderChanged
from apps.domain.ports import BusPort, Message, TapePort
from apps.domain.venue import LaneKey, PaperVenue
from apps.execution.standing import Resting
from apps.pipeline import flow


class Route:
    """Takes orders to the venue and says on `fills` what became of them.

    A strategy's orders move along the tape only as far as its Advance allows. Orders by hand have
    nobody to wait for: they meet each tick frame as it comes.
    """

    name = "route"
    reads = (flow.ORDERS, flow.TICKS)
    writes = (flow.FILLS,)

    def __init__(self, bus: BusPort, venue: PaperVenue, tape: TapePort) -> None:
        self._bus, self._venue, self._tape = bus, venue, tape
        self._partitions = bus.partitions(flow.TICKS)

    def restore(self, resting: Iterable[Resting]) -> int:
        """Give the venue back what it held before a restart, as orders of a tape that begins anew; returns how many.

        What was on its way out when the process ended goes now.
        """
        count = 0
        for count, each in enumerate(resting, 1):  # noqa: B007
            order = replace(each.order, tape_at=-1)
            self._venue.restore(order, each.left, each.fills, each.notional, each.triggered)
            if each.going:
                self._say(self._venue.cancel(_cancel(order)))
        return count

    def handle(self, messages: list[Message]) -> None:
        for message in messages:
            if message.topic == flow.TICKS:
                self._ticks(message)
            else:
                self._order(decode(message.payload))

    def _order(self, wish: object) -> None:
        match wish:
            case NewOrder():
                self._say(self._venue.submit(wish))
            case CancelOrder():
                self._say(self._venue.cancel(wish) or _nothing_to_cancel(wish))
            case Advance():
                self._advance(wish)
            case OrderChanged():  # the risk door's refusal, on its way to whoever asked
                self._say(wish)

    def _advance(self, wish: Advance) -> None:
        """Match one lane up to the place asked for, but no further than the first thing that happens."""
        lane: LaneKey = (wish.run_id, wish.instrument)
        upto = self._match(lane, wish) if self._venue.working(lane) else wish.upto
        self._say(Advanced(wish.run_id, wish.account_id, wish.instrument, upto))

    def _match(self, lane: LaneKey, wish: Advance) -> int:
        partition = partition_of(wish.instrument, self._partitions)
        last, row = tape_split(wish.upto)
        offset = tape_split(max(self._venue.matched(lane), 0))[0]
        while offset <= last:
            try:
                ticks = self._tape.frame(partition, offset)
            except NotFound:  # an order from before a restart: the tape it was decided on is gone
                offset += 1
                continue
            end = tape_at(offset, row if offset == last else len(ticks) - 1)
            if self._say(*self._venue.match(lane, ticks, offset, end)):
                break
            offset += 1
        return self._venue.matched(lane)

    def _ticks(self, message: Message) -> None:
        """Orders without a strategy: match them on the frame that just came."""
        by_hand = [lane for lane in self._venue.active() if lane[0] is None]
        if not by_hand:
            return
        _, ticks, _ = frames.decode(message.payload)
        last = tape_at(message.offset, len(ticks) - 1)
        for lane in by_hand:
            if partition_of(lane[1], self._partitions) != message.partition:
                continue
            while self._venue.working(lane) and self._venue.matched(lane) < last:
                self._say(*self._venue.match(lane, ticks, message.offset, last))

    def _say(self, *events: Fill | OrderChanged | Advanced | None) -> bool:
        said = [event for event in events if event is not None]
        for event in said:
            self._bus.post(flow.FILLS, event.account_id, encode(event))
        return bool(said)


def _cancel(order: NewOrder) -> CancelOrder:
    return CancelOrder(order.client_order_id, order.account_id, order.instrument, order.at_ns, 0, order.run_id)


def _nothing_to_cancel(wish: CancelOrder) -> OrderChanged:
    """It filled or went while the cancel flew; saying so settles whoever waits."""
    return OrderChanged(
        wish.client_order_id,
        wish.account_id,
        wish.instrument,
        "refuse_cancel",
        wish.at_ns,
        wish.tape_at,
        wish.run_id,
        "not_working",
        "the order is no longer at the venue",
    )
