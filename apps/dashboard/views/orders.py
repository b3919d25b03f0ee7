"""The blotter and the positions: what was ordered, what became of it, what is held."""

from __future__ import annotations

from typing import Any, Final

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from apps.dashboard.answers import htmx_view, with_toast
from apps.dashboard.frame import account_chosen, account_may_trade
from apps.dashboard.selectors import orders_of
from apps.dashboard.views import overview
from apps.execution.services import order_ask_cancel
from apps.orders.selectors import order_events, order_get
from apps.portfolio.selectors import account_summary
from apps.risk.selectors import decision_find

PAGE: Final = 50
FILTERS: Final = (
    ("all", "All", ()),
    ("working", "Working", ()),
    ("filled", "Filled", ("filled",)),
    ("cancelled", "Cancelled", ("cancelled", "expired")),
    ("refused", "Refused", ("denied", "rejected")),
)


@login_required
@require_GET
def orders(request: HttpRequest) -> HttpResponse:
    context = _blotter(request)
    return render(request, "dashboard/orders_table.html" if request.htmx else "dashboard/orders.html", context)


@login_required
@require_GET
def order(request: HttpRequest, order_id: int) -> HttpResponse:
    shown = order_get(actor=request.user, order_id=order_id)
    context = {
        "order": shown,
        "events": order_events(actor=request.user, order_id=order_id),
        "fills": shown.fills.order_by("at_ns"),
        "decision": decision_find(shown.client_order_id),
        "may_trade": account_may_trade(request.user, shown.account),
    }
    return render(request, "dashboard/order.html", context)


@login_required
@require_POST
@htmx_view
def cancel(request: HttpRequest, order_id: int) -> HttpResponse:
    """Ask for the cancel; the row changes when the venue answers."""
    asked = order_ask_cancel(actor=request.user, order_id=order_id)
    if not request.htmx:
        return redirect("dashboard:order", order_id=asked.pk)
    answer = HttpResponse(status=204)
    return with_toast(answer, f"Asked to cancel {asked.side} {asked.instrument.symbol}.", "info")


@login_required
@require_GET
def positions(request: HttpRequest) -> HttpResponse:
    account = account_chosen(request)
    if account is None:
        return render(request, "dashboard/no_account.html")
    context = {
        "account": account,
        "summary": account_summary(actor=request.user, account_id=account.pk),
        "positions": overview.positions(request, account),
        "recent_fills": overview.recent_fills(request, account),
    }
    return render(request, "dashboard/positions.html", context)


def _blotter(request: HttpRequest) -> dict[str, Any]:
    account = account_chosen(request)
    chosen = request.GET.get("state", "all")
    filters = [(key, label, key == chosen) for key, label, _ in FILTERS]
    if account is None:
        return {"filters": filters, "page": None}
    rows = orders_of(actor=request.user, account=account, working=chosen == "working")
    states = next((states for key, _, states in FILTERS if key == chosen), ())
    rows = rows.filter(status__in=states) if states else rows
    return {
        "filters": filters,
        "chosen": chosen,
        "page": Paginator(rows, PAGE).get_page(request.GET.get("page")),
        "may_trade": account_may_trade(request.user, account),
    }
