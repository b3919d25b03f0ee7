"""The overview, and the panels that pages are made of and that ask for themselves again when the account moves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.models import BrokerAccount
from apps.accounts.selectors import account_get
from apps.dashboard.answers import json_answer, json_view
from apps.dashboard.frame import ACCOUNT_KEY, account_chosen, account_may_trade
from apps.dashboard.selectors import curve_rows, exposure_get, fills_of, holding_list, orders_of, run_rows
from apps.portfolio.selectors import account_summary
from apps.risk.selectors import decision_list
from apps.strategies.models import RunState
from apps.strategies.selectors import run_list

RECENT: Final = 8


@login_required
@require_GET
def overview(request: HttpRequest) -> HttpResponse:
    account = account_chosen(request)
    if account is None:
        return render(request, "dashboard/no_account.html")
    panels = {name: build(request, account) for name, build in PANELS.items()}
    return render(request, "dashboard/overview.html", {"account": account} | _stats(request, account) | panels)


@login_required
@require_GET
def panel(request: HttpRequest, name: str) -> HttpResponse:
    """One panel anew. `instrument`: only what concerns it."""
    account = account_chosen(request)
    if account is None or name not in PANELS:
        raise Http404
    return render(request, f"dashboard/panels/{name}.html", {name: PANELS[name](request, account)})


@login_required
@require_GET
@json_view
def curve(request: HttpRequest) -> HttpResponse:
    account = account_chosen(request)
    return json_answer({"rows": curve_rows(actor=request.user, account_id=account.pk) if account else []})


@login_required
@require_POST
def account_choose(request: HttpRequest) -> HttpResponse:
    """Look at another account. Somebody else's looks like a missing one."""
    account = account_get(actor=request.user, account_id=int(request.POST.get("account") or 0))
    request.session[ACCOUNT_KEY] = account.pk
    back = request.POST.get("next", "/")
    safe = url_has_allowed_host_and_scheme(back, {request.get_host()}, request.is_secure())
    return redirect(back if safe else "/")


def _stats(request: HttpRequest, account: BrokerAccount) -> dict[str, Any]:
    summary = account_summary(actor=request.user, account_id=account.pk)
    began = summary.equity - summary.day_pnl
    return {
        "summary": summary,
        "exposure": exposure_get(summary),
        "day_share": summary.day_pnl / began if began > 0 else None,
        "open_share": summary.unrealised / summary.equity if summary.equity > 0 else None,
    }


# --- panels: name -> what its template needs


def _only(request: HttpRequest) -> int | None:
    asked = request.GET.get("instrument", "")
    return int(asked) if asked.isdigit() else None


def _base(request: HttpRequest, account: BrokerAccount) -> dict[str, Any]:
    return {
        "account": account,
        "instrument": _only(request),
        "may_trade": account_may_trade(request.user, account),
        "query": f"?instrument={_only(request)}" if _only(request) else "",
    }


def positions(request: HttpRequest, account: BrokerAccount) -> dict[str, Any]:
    held = holding_list(actor=request.user, account=account, instrument=_only(request))
    return _base(request, account) | {"holdings": held}


def recent_orders(request: HttpRequest, account: BrokerAccount) -> dict[str, Any]:
    rows = orders_of(actor=request.user, account=account, instrument=_only(request))[:RECENT]
    return _base(request, account) | {"orders": rows}


def working_orders(request: HttpRequest, account: BrokerAccount) -> dict[str, Any]:
    rows = orders_of(actor=request.user, account=account, instrument=_only(request), working=True)[:50]
    return _base(request, account) | {"orders": rows}


def recent_fills(request: HttpRequest, account: BrokerAccount) -> dict[str, Any]:
    rows = fills_of(actor=request.user, account=account, instrument=_only(request))[:RECENT]
    return _base(request, account) | {"fills": rows}


def decisions(request: HttpRequest, account: BrokerAccount) -> dict[str, Any]:
    rows = decision_list(actor=request.user, account_id=account.pk)[:RECENT]
    return _base(request, account) | {"decisions": rows}


def runs(request: HttpRequest, account: BrokerAccount) -> dict[str, Any]:
    alive = run_list(actor=request.user).filter(account=account, state__in=[RunState.RUNNING, RunState.STOPPING])
    return _base(request, account) | {"rows": run_rows(actor=request.user, runs=alive)}


PANELS: Final[dict[str, Callable[[HttpRequest, BrokerAccount], dict[str, Any]]]] = {
    "positions": positions,
    "recent_orders": recent_orders,
    "working_orders": working_orders,
    "recent_fills": recent_fills,
    "decisions": decisions,
    "runs": runs,
}
