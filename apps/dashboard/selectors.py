"""What pages show that spans several apps, read through those apps' own selectors."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any, Final

from django.db.models import Count, Max, QuerySet

from apps.accounts.models import BrokerAccount, User
from apps.domain.messages import ZERO
from apps.domain.risk import RiskLimits
from apps.execution.facts import limits_base
from apps.instruments.models import Instrument
from apps.orders.models import Fill, Order
from apps.orders.selectors import fill_list, order_list
from apps.portfolio.selectors import Holding, Summary, account_summary, equity_curve, rates_into
from apps.risk.selectors import limits_for
from apps.strategies.models import StrategyRun
from apps.strategies.selectors import run_list

CURVE_POINTS: Final = 2_000
WARN_AT: Final = 75  # percent of a limit


@dataclass(frozen=True, slots=True)
class Exposure:
    """In the account's currency. `gross`: sum of absolute values; `net`: longs less shorts."""

    gross: Decimal
    net: Decimal
    share: Decimal | None


def exposure_get(summary: Summary) -> Exposure:
    """What the open positions stand for at the last prices."""
    currency = summary.account.currency
    rates = rates_into(currency, {holding.instrument.currency for holding in summary.holdings})
    worth = [holding.value * rates.get(holding.instrument.currency, Decimal(1)) for holding in summary.holdings]
    gross = sum((abs(value) for value in worth), ZERO)
    return Exposure(gross, sum(worth, ZERO), gross / summary.equity if summary.equity > 0 else None)


def holding_list(*, actor: User, account: BrokerAccount, instrument: int | None = None) -> list[Holding]:
    """Open positions of one account at their marks, or that in one instrument."""
    held = account_summary(actor=actor, account_id=account.pk).holdings
    return [each for each in held if instrument is None or each.instrument.number == instrument]


def curve_rows(*, actor: User, account_id: int) -> list[list[float]]:
    """[ms, equity, drawdown share] of the newest points, oldest first; drawdown is 0 or below."""
    rows, peak = [], ZERO
    for point in equity_curve(actor=actor, account_id=account_id, limit=CURVE_POINTS):
        peak = max(peak, point.equity)
        fallen = float(point.equity / peak - 1) if peak > 0 else 0.0
        rows.append([point.at.timestamp() * 1000 // 1, float(point.equity), fallen])
    return rows


def orders_of(
    *, actor: User, account: BrokerAccount, instrument: int | None = None, run: int | None = None, working: bool = False
) -> QuerySet[Order]:
    orders = order_list(actor=actor, account_id=account.pk).select_related("run")
    if instrument is not None:
        orders = orders.filter(instrument_id=instrument)
    if run is not None:
        orders = orders.filter(run_id=run)
    return orders.filter(is_working=True) if working else orders


def fills_of(
    *, actor: User, account: BrokerAccount, instrument: int | None = None, run: int | None = None
) -> QuerySet[Fill]:
    fills = fill_list(actor=actor, account_id=account.pk).select_related("run")
    if instrument is not None:
        fills = fills.filter(instrument_id=instrument)
    return fills if run is None else fills.filter(run_id=run)


@dataclass(frozen=True, slots=True)
class RunRow:
    """`realised`: what its closed trades made after fees, in `currency`; None where it traded in several."""

    run: StrategyRun
    instruments: list[Instrument]
    realised: Decimal | None
    currency: str
    fills: int
    last_signal: Any


def run_rows(*, actor: User, runs: Iterable[StrategyRun] | None = None) -> list[RunRow]:
    """Each run with what it made so far."""
    found = list(run_list(actor=actor) if runs is None else runs)
    made = _made(actor, [run.pk for run in found])
    marked = StrategyRun.objects.filter(pk__in=[run.pk for run in found]).annotate(last=Max("signals__at"))
    last = dict(marked.values_list("pk", "last"))
    return [
        RunRow(run, list(run.instruments.all()), *made.get(run.pk, (None, "", 0)), last.get(run.pk)) for run in found
    ]


def _made(actor: User, runs: list[int]) -> dict[int, tuple[Decimal | None, str, int]]:
    """Run -> (realised less fees, currency, fills). Summed here: exact decimals are text to some databases."""
    sums: dict[int, tuple[Decimal | None, str, int]] = {}
    rows = fill_list(actor=actor).filter(run_id__in=runs).values_list("run_id", "realised", "fee", "currency")
    for run, realised, fee, currency in rows:
        before, known, count = sums.get(run, (ZERO, currency, 0))
        total = None if before is None or known != currency else before + realised - fee
        sums[run] = (total, currency, count + 1)
    return sums


@dataclass(frozen=True, slots=True)
class Usage:
    """One limit as a bar. `used`, `limit`: as text is made by the page; `percent`: 0 to 100."""

    label: str
    used: Decimal
    limit: Decimal
    money: bool
    help: str

    @property
    def percent(self) -> int:
        return int(min(100, max(0, self.used / self.limit * 100))) if self.limit > 0 else 100

    @property
    def tone(self) -> str:
        return "bad" if self.percent >= 100 else "warn" if self.percent >= WARN_AT else ""


def limits_of(account: BrokerAccount) -> RiskLimits:
    """The strictest of the installation's, the owner's and the account's limits."""
    return limits_for(user_id=account.owner_id, account_id=account.pk, instrument=0, run_id=None, base=limits_base())


def usage_list(*, actor: User, account: BrokerAccount) -> list[Usage]:
    """How much of each limit that fills up is used now."""
    limits, summary = limits_of(account), account_summary(actor=actor, account_id=account.pk)
    loss = max(ZERO, -summary.day_pnl)
    largest = max((abs(holding.value) for holding in summary.holdings), default=ZERO)
    working = orders_of(actor=actor, account=account, working=True).aggregate(n=Count("pk"))["n"]
    began = summary.equity - summary.day_pnl
    bars = [
        ("Loss today", loss, limits.max_daily_loss, True, "Realised and open. At the limit only orders out pass."),
        ("Largest position", largest, limits.max_position_notional, True, "Worth of the largest open position."),
        ("Orders working", Decimal(working), limits.max_open_orders, False, "Sent and not yet filled or cancelled."),
    ]
    if limits.max_daily_loss_pct is not None and began > 0:
        allowed = began * limits.max_daily_loss_pct / 100
        bars.insert(1, ("Loss today, of equity", loss, allowed, True, f"{limits.max_daily_loss_pct:g} % of the start."))
    return [Usage(label, used, Decimal(limit), money, told) for label, used, limit, money, told in bars if limit]


def limit_facts(limits: RiskLimits) -> list[tuple[str, Any]]:
    """The limits that do not fill up, as (name, value)."""
    filling = {"max_daily_loss", "max_daily_loss_pct", "max_position_notional", "max_open_orders"}
    return [
        (field.name, getattr(limits, field.name))
        for field in fields(limits)
        if field.name not in filling and getattr(limits, field.name) is not None
    ]
