"""One conversation in which every message of the protocol is said, recorded off a real socket."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

from websockets.sync.client import ClientConnection

from apps.domain.messages import CancelOrder, Fill, Mode, NewOrder, OrderChanged, OrderType, PositionChanged, Side
from apps.domain.risk import TradingState
from apps.execution.services import Ticket, ticket_submit
from apps.pipeline import flow
from apps.risk.models import Scope
from apps.risk.services import limits_set, switch_turn
from tests.integration.api.market import Open
from tests.integration.live.house import House, Path, key_of, running, token_of

S = 1_000_000_000
Message = dict[str, Any]


class Recorder:
    """Says and hears on one socket; keeps both."""

    def __init__(self, client: ClientConnection) -> None:
        self.client, self.said, self.heard = client, list[Message](), list[Message]()
        self.since = 0  # the first message heard after the last one said

    def say(self, **message: Any) -> None:
        self.said.append(message)
        self.since = len(self.heard)
        self.client.send(json.dumps(message))

    def until(self, kind: str, where: Callable[[Message], bool] = lambda message: True, timeout: float = 20) -> Message:
        """The first such message since something was said; hears on until it comes."""
        at, end = self.since, time.monotonic() + timeout
        while True:
            while at == len(self.heard):
                self.heard.append(json.loads(self.client.recv(timeout=max(0.001, end - time.monotonic()))))
            if self.heard[at]["t"] == kind and where(self.heard[at]):
                return self.heard[at]
            at += 1


def record(house: House, market: Open) -> Recorder:
    """Everything there is to say and hear, once."""
    symbol = market.instrument.symbol
    account = f"account:{market.account.pk}"
    key = key_of(market.trader)
    with house.program() as client, running(market.instrument) as path:
        recorder = Recorder(client)
        recorder.say(op="auth", id=1, key=key)
        recorder.until("ok")
        recorder.say(op="auth", id=2, token=token_of(market.trader))
        recorder.until("ok")
        recorder.say(op="subscribe", id=3, channels=[
            f"prices:{symbol}", f"candles:{symbol}:1s", f"chart:{symbol}:1s:ema(20);rsi(14)", account, "alerts",
            "runs", "status", "account:999999",
        ])  # fmt: skip
        recorder.until("ok")
        _market_moves(recorder, path)
        seq = _account_trades(recorder, path, market)
        _refusal_and_switch(recorder, market)
        market.run.state = "running"
        market.run.save()
        recorder.until("run")
        recorder.say(op="resume", id=4, channel=account, after=seq)
        recorder.until("ok")
        recorder.say(op="unsubscribe", id=5, channels=["runs"])
        recorder.until("ok")
        recorder.say(op="ping", id=6)
        recorder.until("pong")
        recorder.say(op="subscribe", id=7, channels=[f"candles:{symbol}:30s"])
        recorder.until("error", where=lambda message: "d" in message)
        recorder.say(op="subscribe", id=8, channels=["runs"] * 65)
        recorder.until("error")
        recorder.said.pop()  # meant to be wrong
        return recorder


def _market_moves(recorder: Recorder, path: Path) -> None:
    now = time.time_ns()
    recorder.until("snapshot", where=lambda message: message["ch"].startswith("chart:"))
    for n in range(8):
        path.tick(100.0 + n / 4, now + n * S // 2)
        time.sleep(0.15)
    for kind in ("chart", "candles"):
        recorder.until(kind, where=lambda message: any(row[6] == 1 for row in message["d"]))


def _account_trades(recorder: Recorder, path: Path, market: Open) -> int:
    now, number, account = time.time_ns(), market.instrument.number, market.account.pk
    order = NewOrder("m-1", account, number, Side.BUY, Decimal(2), OrderType.LIMIT, Mode.DRY_RUN, now, Decimal(100))
    path.say(flow.ORDERS, order)
    path.say(flow.POSITIONS, OrderChanged("m-1", account, number, "accept", now))
    path.say(
        flow.POSITIONS,
        Fill("f-1", "m-1", account, number, Side.BUY, Decimal(2), Decimal(100), Decimal("0.2"), "USD", now),
    )
    path.say(flow.POSITIONS, PositionChanged(account, number, Decimal(2), Decimal(100), Decimal(0), now, "f-1"))
    path.say(flow.ORDERS, replace(order, client_order_id="m-2", limit_price=Decimal(90)))
    path.say(flow.ORDERS, CancelOrder("m-2", account, number, now))
    path.say(flow.POSITIONS, OrderChanged("m-2", account, number, "cancel", now))
    seq = recorder.until("order", where=lambda message: message["d"]["event"] == "new")["seq"]
    recorder.until("order", where=lambda message: message["d"]["event"] == "cancel")
    return int(seq)


def _refusal_and_switch(recorder: Recorder, market: Open) -> None:
    limits_set(actor=market.admin, scope=Scope.ACCOUNT, scope_id=market.account.pk, max_order_qty=Decimal(1))
    ticket = Ticket(
        account_id=market.account.pk,
        instrument=market.instrument.number,
        side=Side.BUY,
        qty=Decimal(50),
        key="too-much",
    )
    assert not ticket_submit(actor=market.trader, ticket=ticket).allowed
    recorder.until("refused")
    switch_turn(
        actor=market.trader, scope=Scope.ACCOUNT, scope_id=market.account.pk, state=TradingState.HALTED, reason="enough"
    )
    told = {"alerts", "status"}
    while told:
        told.discard(recorder.until("kill", where=lambda message: _halted(message) and message["ch"] in told)["ch"])


def _halted(message: Message) -> bool:
    return bool(message["d"][-1]["state"] == "halted")
