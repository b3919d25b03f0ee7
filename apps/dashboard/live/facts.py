"""Rows as docs/live-protocol.md shows them: plain values, money as exact text, times in ms."""

from __future__ import annotations

from dataclasses import asdict
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from apps.domain.sessions import MarketClock

if TYPE_CHECKING:
    from apps.accounts.models import BrokerAccount
    from apps.orders.models import Fill, Order
    from apps.portfolio.selectors import Holding, Summary
    from apps.risk.models import KillSwitch, RiskDecision
    from apps.strategies.models import StrategyRun

Fact = dict[str, Any]


def text(amount: Decimal | None) -> str | None:
    """Without an exponent, whatever the amount."""
    return None if amount is None else format(amount, "f")


def ms(ns: int) -> int:
    return ns // 1_000_000


def account_fact(account: BrokerAccount) -> Fact:
    return {
        "id": account.pk,
        "name": account.name,
        "currency": account.currency,
        "broker": account.broker,
        "mode": account.mode,
    }


def order_fact(order: Order) -> Fact:
    return {
        "id": order.pk,
        "client_order_id": order.client_order_id,
        "instrument": order.instrument_id,
        "symbol": order.instrument.symbol,
        "side": order.side,
        "order_type": order.order_type,
        "qty": text(order.qty),
        "filled_qty": text(order.filled_qty),
        "limit_price": text(order.limit_price),
        "trigger_price": text(order.trigger_price),
        "status": order.status,
        "mode": order.mode,
        "reason": order.reason,
        "tag": order.tag,
        "run_id": order.run_id,
        "at_ms": ms(order.decided_ns),
    }


def fill_fact(fill: Fill) -> Fact:
    return {
        "fill_id": fill.fill_id,
        "client_order_id": fill.order.client_order_id,
        "instrument": fill.instrument_id,
        "symbol": fill.instrument.symbol,
        "side": fill.side,
        "qty": text(fill.qty),
        "price": text(fill.price),
        "fee": text(fill.fee),
        "currency": fill.currency,
        "run_id": fill.run_id,
        "at_ms": ms(fill.at_ns),
    }


def holding_fact(holding: Holding) -> Fact:
    values = asdict(holding)
    values.pop("instrument")
    number, symbol = holding.instrument.number, holding.instrument.symbol
    return {"instrument": number, "symbol": symbol, **{name: text(value) for name, value in values.items()}}


def equity_fact(summary: Summary) -> Fact:
    """Money in the account's currency, and each open position at its mark."""
    names = ("cash", "value", "equity", "unrealised", "realised", "fees", "day_pnl")
    money = {name: text(getattr(summary, name)) for name in names}
    return {**money, "positions": [holding_fact(holding) for holding in summary.holdings]}


def decision_fact(decision: RiskDecision) -> Fact:
    return {
        "account": decision.account_id,
        "client_order_id": decision.client_order_id,
        "allowed": decision.allowed,
        "code": decision.code,
        "reason": decision.reason,
        "numbers": decision.numbers,
        "at_ms": ms(decision.at_ns),
    }


def run_fact(run: StrategyRun) -> Fact:
    return {
        "id": run.pk,
        "name": run.name,
        "strategy": run.strategy,
        "account": run.account_id,
        "mode": run.mode,
        "state": run.state,
        "reason": run.reason,
    }


def switch_fact(switch: KillSwitch) -> Fact:
    return {
        "scope": switch.scope,
        "scope_id": switch.scope_id,
        "state": switch.state,
        "reason": switch.reason,
        "changed_ms": int(switch.updated_at.timestamp() * 1000),
    }


def market_fact(calendar: str, clock: MarketClock) -> Fact:
    changes = None if clock.changes_ns is None else ms(clock.changes_ns)
    return {"calendar": calendar, "state": clock.state, "changes_ms": changes}
