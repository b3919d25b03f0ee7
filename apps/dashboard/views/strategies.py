"""Strategy runs: the list, one of them, making, starting and stopping."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.dashboard.forms import RunForm, strategy_get
from apps.dashboard.frame import account_chosen, account_may_trade
from apps.dashboard.selectors import fills_of, orders_of, run_rows
from apps.dashboard.views.instrument import chart_facts
from apps.domain.errors import BadInput, RuleBroken
from apps.domain.strategies import STRATEGIES
from apps.domain.timeframes import timeframe_name
from apps.instruments.selectors import instrument_list
from apps.strategies.models import StrategyRun
from apps.strategies.selectors import run_get, signal_list
from apps.strategies.services import run_create, run_start, run_stop


@login_required
@require_GET
def strategies(request: HttpRequest) -> HttpResponse:
    account = account_chosen(request)
    context = {
        "rows": run_rows(actor=request.user),
        "may_trade": account is not None and account_may_trade(request.user, account),
    }
    return render(request, "dashboard/runs_table.html" if request.htmx else "dashboard/strategies.html", context)


@login_required
@require_GET
def run(request: HttpRequest, run_id: int) -> HttpResponse:
    shown = run_get(actor=request.user, run_id=run_id)
    row = run_rows(actor=request.user, runs=[shown])[0]
    traded = next((each for each in row.instruments if each.symbol == request.GET.get("on")), row.instruments[0])
    markers = f"{reverse('dashboard:chart-fills', args=[traded.number])}?run={shown.pk}"
    context = {
        "row": row,
        "run": shown,
        "timeframe": timeframe_name(shown.timeframe),
        "strategy": _title(shown.strategy),
        "params": _params(shown),
        "traded": traded,
        "chart": chart_facts(traded, markers) | {"first": timeframe_name(shown.timeframe)},
        "signals": signal_list(actor=request.user, run_id=shown.pk)[:20],
        "orders": orders_of(actor=request.user, account=shown.account, run=shown.pk)[:20],
        "fills": fills_of(actor=request.user, account=shown.account, run=shown.pk)[:20],
        "may_trade": account_may_trade(request.user, shown.account),
    }
    return render(request, "dashboard/run.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def create(request: HttpRequest, key: str = "") -> HttpResponse:
    """Choose a strategy, then fill its form. A new run is a draft in dry run."""
    account = account_chosen(request)
    if account is None or not account_may_trade(request.user, account):
        raise Http404
    strategy = strategy_get(key)
    if strategy is None:
        return render(request, "dashboard/strategy_choose.html", {"strategies": _offered()})
    form = RunForm(request.POST or None, strategy=strategy, instruments=list(instrument_list()))
    if request.method == "POST" and form.is_valid():
        try:
            made = run_create(actor=request.user, account_id=account.pk, **form.values())
            if "start" in request.POST:
                run_start(actor=request.user, run_id=made.pk)
            return redirect("dashboard:run", run_id=made.pk)
        except BadInput as error:
            form.blame(error.facts.get("field"), error.message)
    context = {"form": form, "strategy": _title(key), "about": _about(strategy), "account": account}
    return render(request, "dashboard/strategy_new.html", context)


@login_required
@require_POST
def start(request: HttpRequest, run_id: int) -> HttpResponse:
    return _change(request, run_id, run_start, "is starting: it takes up the market within a second.")


@login_required
@require_POST
def stop(request: HttpRequest, run_id: int) -> HttpResponse:
    return _change(request, run_id, run_stop, "is stopping: its working orders are cancelled, its position stays.")


def _change(request: HttpRequest, run_id: int, service: Any, words: str) -> HttpResponse:
    try:
        changed = service(actor=request.user, run_id=run_id)
        messages.success(request, f"{changed.name} {words}", extra_tags="good")
    except (BadInput, RuleBroken) as error:
        messages.error(request, error.message, extra_tags="bad")
    return redirect("dashboard:run", run_id=run_id)


def _params(shown: StrategyRun) -> list[tuple[str, Any, str]]:
    """(name, value, help) of every parameter, in the strategy's order."""
    strategy = STRATEGIES.get(shown.strategy)
    if strategy is None:
        return [(name, value, "") for name, value in shown.params.items()]
    return [(each.name, shown.params.get(each.name, each.default), each.help) for each in strategy.params]


def _title(key: str) -> dict[str, str]:
    """Templates call what is callable, so they are given the title and not the class."""
    return {"title": STRATEGIES[key].title if key in STRATEGIES else key}


def _offered() -> list[dict[str, Any]]:
    return [
        {
            "key": each.key,
            "title": each.title,
            "doc": _about(each),
            "params": each.params,
            "default_timeframe": each.default_timeframe,
        }
        for each in STRATEGIES.values()
    ]


def _about(strategy: Any) -> str:
    return " ".join((strategy.__doc__ or "").split())
