"""The back office's first page: counts and states of today, what needs a person, and what happened last."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import models
from django.db.models import Count, Min
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import BrokerAccount, User
from apps.audit.models import AuditEntry
from apps.common import health
from apps.common.models import Outbox
from apps.domain.orders import OrderStatus
from apps.domain.risk import TradingState
from apps.orders.models import Fill, Order
from apps.risk.models import KillSwitch, RiskDecision
from apps.strategies.models import RunState, StrategyRun
from apps.webhooks.models import Verdict, WebhookDelivery

HOURS: Final = 24
LATE: Final = timedelta(minutes=1)  # a message that waits longer than this is stuck
_GROUPS: Final = (  # of order statuses, in the order they are drawn
    ("filled", "good", (OrderStatus.FILLED,)),
    ("working", "info", tuple(status for status in OrderStatus if status.working and status != OrderStatus.UNKNOWN)),
    ("cancelled", "", (OrderStatus.CANCELLED, OrderStatus.EXPIRED)),
    ("refused", "bad", (OrderStatus.DENIED, OrderStatus.REJECTED)),
    ("unknown", "warn", (OrderStatus.UNKNOWN,)),
)
_TONE: Final = {status: tone for _, tone, statuses in _GROUPS for status in statuses}


@dataclass(frozen=True, slots=True)
class Tile:
    label: str
    value: int | str
    below: str
    href: str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Bar:
    """One line of a bar chart. `share`: per cent of the longest, at least 1 where there is anything."""

    label: str
    count: int
    share: int
    tone: str
    href: str


@dataclass(frozen=True, slots=True)
class Block:
    """One piece of a column of the chart by hours, in units of its 100 by 40 box."""

    x: float
    y: float
    height: float
    tone: str


def office(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """unfold's DASHBOARD_CALLBACK: what `templates/admin/index.html` shows."""
    now = timezone.now()
    day = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    orders = Order.objects.filter(pk__gte=first_since(Order, day))
    statuses = dict(orders.order_by().values_list("status").annotate(Count("pk")))
    runs = dict(StrategyRun.objects.order_by().values_list("state").annotate(Count("pk")))
    return context | {
        "title": "Today",
        "tiles": _tiles(day, statuses, runs),
        "troubles": list(_troubles(now, statuses, runs)),
        "order_bars": _bars(statuses, OrderStatus, _list(Order, "status__exact"), _TONE),
        "run_bars": _bars(runs, RunState, _list(StrategyRun, "state__exact"), _RUN_TONE),
        "refusals": _refusals(day),
        "blocks": _blocks(now),
        "legend": [(name, tone) for name, tone, _ in _GROUPS],
        "hours": HOURS,
        "entries": AuditEntry.objects.all()[:12],
    }


_RUN_TONE: Final = {RunState.RUNNING: "good", RunState.FAILED: "bad", RunState.PARKED: "warn"}


def first_since(model: type[models.Model], at: datetime) -> int:
    """The first key made at or after `at`, where keys grow with `created_at`: found by halving, without an index.

    One above the last key where nothing has been made since.
    """
    low, high = 0, (model._default_manager.order_by("-pk").values_list("pk", flat=True).first() or 0) + 1
    while low + 1 < high:
        middle = (low + high) // 2
        row = model._default_manager.filter(pk__gte=middle).order_by("pk").values_list("pk", "created_at").first()
        if row is None or row[1] >= at:
            high = middle
        else:
            low = max(middle, row[0])
    return high


def _tiles(day: datetime, statuses: dict[str, int], runs: dict[str, int]) -> list[Tile]:
    accounts = BrokerAccount.objects.filter(is_active=True)
    live = accounts.filter(mode="live").count()
    refused = statuses.get(OrderStatus.DENIED, 0) + statuses.get(OrderStatus.REJECTED, 0)
    off = KillSwitch.objects.exclude(state=TradingState.TRADING).count()
    waiting = Outbox.objects.count()
    placed = sum(statuses.values())
    fills = Fill.objects.filter(pk__gte=first_since(Fill, day)).count()
    return [
        Tile("Accounts", accounts.count(), f"{live} live, the others dry run", _list(BrokerAccount)),
        Tile("People", User.objects.filter(is_active=True).count(), "who may sign in", _list(User)),
        Tile("Runs at work", runs.get(RunState.RUNNING, 0), f"of {sum(runs.values())}", _list(StrategyRun)),
        Tile("Orders today", placed, f"{_working(statuses)} still work", _list(Order)),
        Tile("Fills today", fills, "booked", _list(Fill)),
        Tile(
            "Refused today", refused, _share(refused, placed), _list(RiskDecision, "allowed__exact", "0"), _if(refused)
        ),
        Tile("Switches pulled", off, "halted or only reducing", _list(KillSwitch), "bad" if off else "good"),
        Tile("Outbox", waiting, "messages wait to leave", _list(Outbox), _if(waiting > 100)),
    ]


def _if(anything: Any) -> str:
    return "warn" if anything else ""


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%} of all orders" if whole else "no orders yet"


def _working(statuses: dict[str, int]) -> int:
    return sum(count for status, count in statuses.items() if OrderStatus(status).working)


def _troubles(now: datetime, statuses: dict[str, int], runs: dict[str, int]) -> Any:
    """(tone, sentence, where to look) of everything that waits for a person, the worst first."""
    for switch in KillSwitch.objects.exclude(state=TradingState.TRADING)[:5]:
        whose = f"{switch.scope} {switch.scope_id or ''}".strip()
        yield (
            "bad",
            f"The switch of {whose} stands at {switch.get_state_display().lower()}: {switch.reason}",
            _list(KillSwitch),
        )
    for name, reason in health.report().items():
        if reason:
            yield "bad", f"{name}: {reason}", "/system/"
    unknown = Order.objects.filter(is_working__in=[True], status=OrderStatus.UNKNOWN).count()
    if unknown:
        where = _list(Order, "status__exact", OrderStatus.UNKNOWN)
        yield "bad", f"Orders that left and got no answer, to be looked up at the broker: {unknown}", where
    oldest = Outbox.objects.aggregate(at=Min("created_at"))["at"]
    if oldest is not None and now - oldest > LATE:
        yield "warn", f"A message has waited in the outbox since {timezone.localtime(oldest):%H:%M:%S}", _list(Outbox)
    if runs.get(RunState.FAILED):
        where = _list(StrategyRun, "state__exact", RunState.FAILED)
        yield "warn", f"Strategy runs that failed: {runs[RunState.FAILED]}", where
    since = now - timedelta(hours=HOURS)
    failed = WebhookDelivery.objects.filter(received_at__gte=since, verdict=Verdict.FAILED).count()
    if failed:
        where = _list(WebhookDelivery, "verdict__exact", Verdict.FAILED)
        yield "warn", f"Webhook deliveries that failed and can be replayed: {failed}", where


def _bars(counts: dict[str, int], kind: Any, where: str, tones: dict[Any, str]) -> list[Bar]:
    longest = max(counts.values(), default=0)
    return [
        Bar(
            _words(state),
            counts[state],
            max(1, round(100 * counts[state] / longest)),
            tones.get(state, ""),
            where + state,
        )
        for state in kind
        if counts.get(state)
    ]


def _words(state: str) -> str:
    return str(state).replace("_", " ")


def _refusals(day: datetime) -> list[Bar]:
    found = RiskDecision.objects.filter(pk__gte=first_since(RiskDecision, day), allowed=False)
    counts = dict(found.order_by().values_list("code").annotate(Count("pk")))
    worst = sorted(counts, key=counts.__getitem__, reverse=True)[:6]
    return _bars(counts, worst, _list(RiskDecision, "code__exact"), dict.fromkeys(worst, "bad"))


def _blocks(now: datetime) -> list[Block]:
    """Orders of the last hours as stacked columns, the tallest as high as the box."""
    begin = now - timedelta(hours=HOURS)
    columns: list[dict[str, int]] = [{} for _ in range(HOURS)]
    names = {status: name for name, _, statuses in _GROUPS for status in statuses}
    made = Order.objects.filter(pk__gte=first_since(Order, begin)).order_by()
    for status, at in made.values_list("status", "created_at").iterator():
        column = columns[min(max(int((at - begin).total_seconds() // 3600), 0), HOURS - 1)]
        column[names[OrderStatus(status)]] = column.get(names[OrderStatus(status)], 0) + 1
    highest = max((sum(column.values()) for column in columns), default=0) or 1
    blocks = []
    for place, column in enumerate(columns):
        top = 40.0
        for name, tone, _ in _GROUPS:
            height = 40 * column.get(name, 0) / highest
            if height:
                top -= height
                blocks.append(Block(round(place * 100 / HOURS + 0.6, 2), round(top, 2), round(height, 2), tone))
    return blocks


def _list(model: type[models.Model], field: str = "", value: str | None = None) -> str:
    url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    return f"{url}?{field}={value or ''}" if field else url
