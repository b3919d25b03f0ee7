"""A small market with one of everything, for whoever looks at it through a door."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np

from apps.accounts.models import ApiKey, BrokerAccount, Grant, User
from apps.accounts.services import account_grant, apikey_create
from apps.common.models import Outbox
from apps.domain.frames import CANDLE
from apps.domain.messages import Fill, OrderType, Side
from apps.domain.risk import TradingState
from apps.execution.facts import instruments
from apps.execution.services import Ticket, fill_apply, ticket_submit
from apps.instruments.models import Instrument
from apps.marketdata.quotes import board
from apps.marketdata.services import candles_store
from apps.orders.models import Fill as FillRow
from apps.orders.models import Order, OrderEvent
from apps.portfolio.models import EquitySnapshot, Position
from apps.risk.models import KillSwitch, RiskDecision, RiskLimit, Scope
from apps.risk.services import limits_set, switch_turn
from apps.strategies.models import SignalRow, StrategyRun
from apps.strategies.services import run_start
from tests import builders
from tests.integration.money import quote

CANDLES = 60
START = datetime(2024, 1, 2, tzinfo=UTC)


@dataclass
class Open:
    """`trader` owns everything; `stranger` trades too and owns nothing of it; `investor` was granted the account."""

    admin: User = field(default_factory=builders.admin)
    trader: User = field(default_factory=builders.trader)
    stranger: User = field(default_factory=builders.trader)
    investor: User = field(default_factory=builders.investor)
    outsider: User = field(default_factory=builders.investor)  # an investor without any grant
    instrument: Instrument = field(default_factory=builders.instrument)
    account: BrokerAccount = field(init=False)
    grant: Grant = field(init=False)
    run: StrategyRun = field(init=False)
    filled: Order = field(init=False)
    order: Order = field(init=False)  # works
    limits: RiskLimit = field(init=False)
    switch: KillSwitch = field(init=False)
    running: StrategyRun = field(init=False)
    signal: SignalRow = field(init=False)
    fill: FillRow = field(init=False)
    position: Position = field(init=False)
    decision: RiskDecision = field(init=False)
    key: ApiKey = field(init=False)

    def __post_init__(self) -> None:
        quote(self.instrument.number, 100.0, event_ns=time.time_ns(), seen_ns=time.time_ns())
        self.account = builders.account(self.trader)
        self.grant = account_grant(account=self.account, investor=self.investor)
        self.run = builders.run(self.account, [self.instrument])
        self.limits = limits_set(actor=self.admin, scope=Scope.ACCOUNT, scope_id=self.account.pk, max_open_orders=90)
        self._candles()
        self.filled = self.buy("first-order")
        fill_apply(self._fill(self.filled))
        self.order = self.buy("second-order", order_type=OrderType.LIMIT, limit_price=Decimal(90))
        self.fill, self.position = FillRow.objects.get(), Position.objects.get()
        self.decision = RiskDecision.objects.latest("pk")
        self._history()
        self.running = run_start(actor=self.trader, run_id=builders.run(self.account, [self.instrument]).pk)
        expires = datetime.now(UTC) + timedelta(days=1)
        self.key, _ = apikey_create(actor=self.trader, name="old bot", scopes=["orders:read"], expires_at=expires)
        self.switch = switch_turn(
            actor=self.trader, scope=Scope.ACCOUNT, scope_id=self.account.pk, state=TradingState.TRADING, reason="test"
        )

    def buy(self, key: str, **more: object) -> Order:
        facts = {"account_id": self.account.pk, "instrument": self.instrument.number, "side": Side.BUY} | more
        decision = ticket_submit(actor=self.trader, ticket=Ticket(**({"qty": Decimal(3), "key": key} | facts)))
        assert decision.allowed, decision.reason
        return Order.objects.get(client_order_id=decision.client_order_id)

    def fingerprint(self) -> list[object]:
        """All that a door could change, as it stands."""
        tables = (Order, OrderEvent, StrategyRun, Grant, RiskLimit, KillSwitch, ApiKey, RiskDecision, Outbox)
        return [list(table.objects.order_by("pk").values_list()) for table in tables]

    def _fill(self, order: Order) -> Fill:
        return Fill(
            fill_id=f"{order.client_order_id}-1",
            client_order_id=order.client_order_id,
            account_id=order.account_id,
            instrument=order.instrument_id,
            side=Side(order.side),
            qty=order.qty,
            price=Decimal("100.5"),
            fee=Decimal("0.25"),
            currency="USD",
            at_ns=order.decided_ns + 1,
            closes_order=True,
        )

    def _candles(self) -> None:
        made = np.zeros(CANDLES, CANDLE)
        made["instrument"], made["timeframe"] = self.instrument.number, 300
        made["start_ns"] = int(START.timestamp()) * 10**9 + np.arange(CANDLES) * 300 * 10**9
        made["end_ns"], made["session_ns"] = made["start_ns"] + 300 * 10**9, int(START.timestamp()) * 10**9
        for name in ("open", "high", "low", "close"):
            made[name] = 100 + np.arange(CANDLES)
        candles_store(made)

    def _history(self) -> None:
        facts = {"run": self.run, "instrument": self.instrument, "at": START, "side": "buy", "order_type": "market"}
        self.signal = SignalRow.objects.create(sequence=1, price=Decimal(100), **facts)
        worth = dict.fromkeys(("equity", "cash", "unrealised", "realised", "fees"), Decimal("100.5"))
        EquitySnapshot.objects.create(account=self.account, at=START + timedelta(minutes=1), **worth)


@contextmanager
def open_market() -> Iterator[Open]:
    board.clear()
    instruments.forget()
    yield Open()
    board.clear()
    instruments.forget()
