"""A desk for tests of orders and money: an account, an instrument with a price, and short ways to trade it."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from itertools import count
from typing import Any

import numpy as np

from apps.accounts.models import BrokerAccount
from apps.bus.codecs import Travelling, decode
from apps.common.models import Outbox
from apps.domain import messages
from apps.domain.frames import TICK
from apps.domain.messages import Fill, OrderChanged, OrderType, Side, Signal
from apps.execution.services import Ticket, signal_submit, ticket_submit
from apps.instruments.models import Instrument
from apps.marketdata.quotes import board
from apps.orders.models import Order
from apps.risk.models import RiskDecision
from apps.strategies.models import StrategyRun
from tests import builders

NOW = 1_700_000_000_000_000_000  # wall time: Tuesday 14 November 2023, 22:13:20 UTC
EVENT = 1_400_000_000_000_000_000  # venue time of a replay: Tuesday 13 May 2014, 16:53:20 UTC


def quote(instrument: int, price: float, *, event_ns: int = EVENT, seen_ns: int = NOW) -> None:
    """The market says a price."""
    tick = np.zeros(1, TICK)
    tick["instrument"], tick["price"], tick["event_ns"], tick["seen_ns"] = instrument, price, event_ns, seen_ns
    board.update(tick)


def outbox() -> list[Travelling]:
    """What waits to leave, in order."""
    return [decode(bytes(row.payload)) for row in Outbox.objects.order_by("pk")]


@dataclass
class Desk:
    account: BrokerAccount = field(default_factory=builders.account)
    instrument: Instrument = field(default_factory=builders.instrument)
    run: StrategyRun | None = None
    _count: Any = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        self.run = self.run or builders.run(self.account, [self.instrument], sizing="units:2")
        quote(self.instrument.number, 100)

    def signal(self, side: str = "buy", **wish: Any) -> Signal:
        """The run's next wish, a market order at 100 unless said otherwise."""
        facts: dict[str, Any] = {
            "run_id": self.run.pk,
            "account_id": self.account.pk,
            "instrument": self.instrument.number,
            "sequence": next(self._count),
            "at_ns": EVENT,
            "tape_at": 7,
            "side": Side(side),
            "order_type": OrderType.MARKET,
            "mark": Decimal(100),
        }
        return Signal(**(facts | wish))

    def submit(self, side: str = "buy", **wish: Any) -> RiskDecision:
        return signal_submit(self.signal(side, **wish), now_ns=NOW)

    def order(self, side: str = "buy", qty: str = "2", **wish: Any) -> Order:
        """An order the door let through."""
        decision = self.submit(side, qty=Decimal(qty), **({"at_ns": EVENT + next(self._count) * 10**9} | wish))
        assert decision.allowed, decision.reason
        return Order.objects.get(client_order_id=decision.client_order_id)

    def ticket(self, side: str = "buy", qty: str = "1", **wish: Any) -> RiskDecision:
        facts = {"key": f"ticket-{next(self._count)}"} | wish
        wanted = Ticket(self.account.pk, self.instrument.number, Side(side), Decimal(qty), **facts)
        return ticket_submit(actor=self.account.owner, ticket=wanted, now_ns=NOW)

    def fill(self, order: Order, qty: str | None = None, price: str = "100", fee: str = "0", **facts: Any) -> Fill:
        """What the venue would say; all of the order unless `qty` is said."""
        number = next(self._count)
        return Fill(
            fill_id=f"{order.client_order_id}-{number}",
            client_order_id=order.client_order_id,
            account_id=order.account_id,
            instrument=order.instrument_id,
            side=Side(order.side),
            qty=order.qty if qty is None else Decimal(qty),
            price=Decimal(price),
            fee=Decimal(fee),
            currency=self.instrument.currency,
            at_ns=EVENT + number,
            tape_at=number,
            run_id=order.run_id,
            **({"closes_order": qty is None} | facts),
        )

    def change(self, order: Order, event: str, **facts: Any) -> OrderChanged:
        return messages.OrderChanged(
            order.client_order_id, order.account_id, order.instrument_id, event, EVENT + 5, **facts
        )
