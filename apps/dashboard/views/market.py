"""Market watch: the user's list with prices that move, and the search that fills it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.models import User
from apps.dashboard.answers import htmx_view, with_toast
from apps.dashboard.charts import closes_load, spark_path
from apps.dashboard.frame import account_chosen, account_may_trade
from apps.instruments.models import Instrument, Watchlist
from apps.instruments.selectors import instrument_get, instrument_list, watchlist_list
from apps.instruments.services import watchlist_add, watchlist_remove, watchlist_set
from apps.marketdata.quotes import Quote, board

FOUND_AT_MOST: Final = 8


@dataclass(frozen=True, slots=True)
class WatchRow:
    """One line of the list as the server knows it; the live channel moves it from there."""

    instrument: Instrument
    quote: Quote | None
    closes: list[float]
    spark: str
    tone: str


@login_required
@require_GET
def market(request: HttpRequest) -> HttpResponse:
    return render(request, "dashboard/market.html", _watch(request))


@login_required
@require_GET
def search(request: HttpRequest) -> HttpResponse:
    """Instruments whose symbol or name holds the words, that are not on the list yet."""
    words = request.GET.get("q", "").strip()
    listed = {row.number for row in _instruments(_watchlist(request.user))}
    found = instrument_list().exclude(number__in=listed)
    found = (found.filter(symbol__icontains=words) | found.filter(name__icontains=words)) if words else found
    return render(request, "dashboard/market_found.html", {"found": found[:FOUND_AT_MOST], "words": words})


@login_required
@require_POST
@htmx_view
def add(request: HttpRequest) -> HttpResponse:
    instrument = instrument_get(int(request.POST.get("instrument") or 0))
    watchlist_add(actor=request.user, watchlist_id=_watchlist(request.user).pk, instrument=instrument.number)
    return with_toast(_rows(request), f"{instrument.symbol} is on your list.")


@login_required
@require_POST
@htmx_view
def remove(request: HttpRequest) -> HttpResponse:
    instrument = instrument_get(int(request.POST.get("instrument") or 0))
    watchlist_remove(actor=request.user, watchlist_id=_watchlist(request.user).pk, instrument=instrument.number)
    return with_toast(_rows(request), f"{instrument.symbol} is off your list.", "info")


def _rows(request: HttpRequest) -> HttpResponse:
    return render(request, "dashboard/market_rows.html", _watch(request))


def _watch(request: HttpRequest) -> dict[str, Any]:
    account = account_chosen(request)
    rows = [_row(instrument) for instrument in _instruments(_watchlist(request.user))]
    return {"rows": rows, "may_trade": account is not None and account_may_trade(request.user, account)}


def _row(instrument: Instrument) -> WatchRow:
    closes = closes_load(instrument.number)
    tone = "" if len(closes) < 2 else "up" if closes[-1] >= closes[0] else "down"
    return WatchRow(instrument, board.get(instrument.number), closes, spark_path(closes), tone)


def _watchlist(user: User) -> Watchlist:
    return watchlist_list(actor=user).first() or watchlist_set(actor=user, instruments=[])


def _instruments(watchlist: Watchlist) -> list[Instrument]:
    return [entry.instrument for entry in watchlist.entries.all()]
