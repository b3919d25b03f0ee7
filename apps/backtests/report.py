"""A backtest's outcome as JSON (schema: docs/backtest-json.md) and as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from decimal import Decimal
from enum import StrEnum
from math import isfinite
from typing import Any

from apps.domain.backtest import Outcome
from apps.domain.messages import utc
from apps.domain.timeframes import timeframe_name

SCHEMA_VERSION = 1


def outcome_as_dict(outcome: Outcome, source: dict[str, Any]) -> dict[str, Any]:
    """Everything that happened, in order. Money and prices are decimal text, times ISO 8601 UTC and ns."""
    plan, journal = outcome.plan, outcome.journal
    return {
        "schema": SCHEMA_VERSION,
        "strategy": {"key": plan.strategy, "params": plan.params, "timeframe": timeframe_name(plan.timeframe)},
        "instrument": plain(asdict(plan.instrument)),
        "account": {"cash": str(plan.cash), "currency": plan.currency},
        "data": source,
        "counts": {
            "ticks": journal.ticks,
            "candles": len(outcome.candles),
            "candles_of_all_timeframes": journal.candles,
            "ticks_outside_sessions": outcome.outside,
            "signals": len(journal.signals),
            "orders": len(journal.orders),
            "fills": len(journal.fills),
            "trades": len(outcome.trips),
        },
        "signals": [plain(asdict(signal)) | {"id": signal.client_order_id} for signal in journal.signals],
        "refusals": [
            {"id": signal.client_order_id, "code": why.code, "reason": why.reason} for signal, why in journal.refusals
        ],
        "orders": [plain(asdict(order)) for order in journal.orders],
        "order_changes": [plain(asdict(change)) for change in journal.changes],
        "fills": [plain(asdict(fill)) for fill in journal.fills],
        "trades": [plain(asdict(trip)) for trip in outcome.trips],
        "statistics": [
            {
                "name": s.name,
                "value": float(s.value) if isfinite(s.value) else None,
                "unit": s.unit,
                "means": s.definition,
            }
            for s in outcome.stats
        ],
        "equity": str(outcome.equity),
    }


def plain(row: dict[str, Any]) -> dict[str, Any]:
    """JSON values only; a `*_ns` time gets its ISO form beside it."""
    out: dict[str, Any] = {}
    for name, value in row.items():
        out[name] = str(value) if isinstance(value, Decimal | StrEnum) else value
        if name.endswith("_ns") and isinstance(value, int):
            out[name[:-3] + "_at" if name != "at_ns" else "at"] = utc(value).isoformat().replace("+00:00", "Z")
    return out


def report_lines(outcome: Outcome, source: dict[str, Any], trades: int = 20) -> Iterator[str]:
    """What a person reads: where the data came from, the trades, the numbers and what each means."""
    plan, journal = outcome.plan, outcome.journal
    yield f"{plan.strategy} on {plan.instrument.symbol}, {timeframe_name(plan.timeframe)} candles"
    yield f"  instrument   {source['instrument']}"
    yield f"  parameters   {', '.join(f'{k}={v}' for k, v in plan.params.items()) or 'defaults'}"
    yield f"  data         {source['file']}: {journal.ticks:,} rows of tape, {len(outcome.candles):,} candles"
    yield f"  span         {utc(int(outcome.candles['start_ns'][0]))} to {utc(int(outcome.candles['end_ns'][-1]))}"
    for line in source.get("report", ()):
        yield f"  data check   {line}"
    if outcome.outside:
        yield f"  data check   {outcome.outside:,} rows outside the venue's sessions made no candles"
    yield f"  happened     {len(journal.signals)} signals, {len(journal.orders)} orders, {len(journal.fills)} fills"
    if journal.refusals:
        yield f"  refused      {len(journal.refusals)}, the first: {journal.refusals[0][1].reason}"
    yield ""
    yield f"  {'entry':<20} {'exit':<20} {'qty':>12} {'in':>12} {'out':>12} {'P&L ' + plan.currency:>14}"
    shown = outcome.trips if trades < 0 else outcome.trips[:trades]
    for trip in shown:
        entry, leave = (f"{utc(ns):%Y-%m-%d %H:%M:%S}" for ns in (trip.entry_ns, trip.exit_ns))
        yield f"  {entry:<20} {leave:<20} {trip.qty:>12} {trip.entry_price:>12} {trip.exit_price:>12} {trip.pnl:>14.2f}"
    if len(outcome.trips) > len(shown):
        yield f"  … and {len(outcome.trips) - len(shown)} more (--trades -1 shows all)"
    yield ""
    for stat in outcome.stats:
        value = f"{stat.value:,.4f}".rstrip("0").rstrip(".") if isfinite(stat.value) else "–"
        unit = plan.currency if stat.unit == "money" else stat.unit
        yield f"  {stat.name:<24} {value:>18} {unit:<5} {stat.definition}"
