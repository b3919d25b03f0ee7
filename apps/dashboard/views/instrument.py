"""The instrument's page: chart, ticket, its position and orders; and the ticket itself."""

from __future__ import annotations

from typing import Any, Final

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.models import BrokerAccount
from apps.accounts.selectors import account_tradable
from apps.dashboard.answers import htmx_view, json_answer, json_view
from apps.dashboard.forms import TicketForm
from apps.dashboard.frame import account_chosen, account_may_trade, session_badge
from apps.dashboard.selectors import fills_of, holding_list
from apps.dashboard.templatetags.numbers import decimals
from apps.dashboard.views.overview import positions, recent_fills, working_orders
from apps.domain.errors import BadInput, Misconfigured, NotFound
from apps.domain.timeframes import TIMEFRAMES
from apps.execution.services import ticket_submit
from apps.instruments.models import Instrument
from apps.instruments.selectors import instrument_by_symbol, instrument_get
from apps.marketdata.quotes import board
from apps.risk.models import RiskDecision

CHART_TIMEFRAMES: Final = ("5s", "15s", "1m", "5m", "15m", "1h", "4h", "1d")
MARKERS_AT_MOST: Final = 500


def chart_facts(instrument: Instrument, fills_url: str = "") -> dict[str, Any]:
    """What the chart component needs of one instrument."""
    return {
        "instrument": instrument,
        "decimals": decimals(instrument.tick_size),
        "timeframes": [(name, TIMEFRAMES[name]) for name in CHART_TIMEFRAMES],
        "first": "1m",
        "fills_url": fills_url,
    }


@login_required
@require_GET
def instrument(request: HttpRequest, symbol: str) -> HttpResponse:
    shown = instrument_by_symbol(symbol)
    account = account_chosen(request)
    request.GET = request.GET.copy()
    request.GET["instrument"] = str(shown.number)
    context: dict[str, Any] = {
        "instrument": shown,
        "quote": board.get(shown.number),
        "session": session_badge(shown),
        "chart": chart_facts(shown, reverse("dashboard:chart-fills", args=[shown.number])),
    }
    if account is not None:
        context |= {build.__name__: build(request, account) for build in (positions, working_orders, recent_fills)}
        if account_may_trade(request.user, account):
            side = "sell" if request.GET.get("side") == "sell" else "buy"
            context |= _ticket(request, account, shown, TicketForm.blank(shown, side))
    return render(request, "dashboard/instrument.html", context)


@login_required
@require_GET
@json_view
def fills(request: HttpRequest, number: int) -> HttpResponse:
    """[ms, side, qty, price] of the account's fills, oldest first. `after`: ms. `run`: only that run's."""
    account = account_chosen(request)
    run, after = request.GET.get("run", ""), request.GET.get("after", "0")
    if account is None or not after.isdigit():
        raise BadInput("after is a time in ms", field="after")
    found = fills_of(actor=request.user, account=account, instrument=number, run=int(run) if run.isdigit() else None)
    newest = found.filter(at_ns__gte=int(after) * 1_000_000)[:MARKERS_AT_MOST]
    rows = [[each.at_ns // 1_000_000, each.side, float(each.qty), float(each.price)] for each in newest]
    return json_answer({"fills": rows[::-1]})


# --- the ticket


@login_required
@require_GET
@htmx_view
def ticket(request: HttpRequest, number: int) -> HttpResponse:
    """A blank ticket for a dialog."""
    account, shown = _tradable(request), instrument_get(number)
    side = "sell" if request.GET.get("side") == "sell" else "buy"
    context = _ticket(request, account, shown, TicketForm.blank(shown, side))
    return render(request, "dashboard/ticket_dialog.html", context)


@login_required
@require_POST
@htmx_view
def ticket_send(request: HttpRequest, number: int) -> HttpResponse:
    """Through the one risk door. Sent twice, the same key is one order and gives the same answer."""
    account, shown = _tradable(request), instrument_get(number)
    form = TicketForm(request.POST, instrument=shown)
    answer: RiskDecision | None = None
    if form.is_valid():
        try:
            answer = ticket_submit(actor=request.user, ticket=form.ticket(account.pk))
        except (BadInput, Misconfigured) as error:  # the latter: no exchange rate for this account yet
            named = error.facts.get("field")
            form.add_error(named if named in form.fields else None, error.message)
    if answer is not None:
        form = TicketForm.blank(shown, form.cleaned_data["side"], _kept(form))
    context = _ticket(request, account, shown, form) | {"answer": answer, "sent": request.POST}
    return render(request, "dashboard/ticket.html", context)


def _kept(form: TicketForm) -> dict[str, Any]:
    """What stays for the next order: size and kind, not the price."""
    return {name: form.cleaned_data[name] for name in ("order_type", "qty", "validity")}


def _tradable(request: HttpRequest) -> BrokerAccount:
    """The chosen account, if it is the user's to trade. Raises NotFound."""
    account = account_chosen(request)
    if account is None:
        raise NotFound("no account to trade on")
    return account_tradable(actor=request.user, account_id=account.pk)


def _ticket(request: HttpRequest, account: BrokerAccount, shown: Instrument, form: TicketForm) -> dict[str, Any]:
    held = holding_list(actor=request.user, account=account, instrument=shown.number)
    return {
        "form": form,
        "instrument": shown,
        "account": account,
        "position": held[0] if held else None,
        "quote": board.get(shown.number),
        "decimals": decimals(shown.tick_size),
    }
