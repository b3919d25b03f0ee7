"""JSON that charts are drawn from: history page by page, and the catalogue of indicators."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET

from apps.dashboard.answers import json_answer, json_view
from apps.dashboard.charts import catalogue, history_load
from apps.domain.errors import BadInput
from apps.domain.timeframes import timeframe_parse
from apps.instruments.selectors import instrument_get


@login_required
@require_GET
@json_view
def history(request: HttpRequest, number: int) -> HttpResponse:
    """`timeframe`, `indicators` joined by `;`, `before` (ms) and `limit`. A page of the past does not change."""
    ask = request.GET
    before = _whole(ask.get("before"), "before")
    told = history_load(
        instrument_get(number),
        timeframe_parse(ask.get("timeframe", "5m")),
        [text for text in ask.get("indicators", "").split(";") if text],
        before,
        _whole(ask.get("limit"), "limit") or 500,
    )
    answer = json_answer(told)
    answer["Cache-Control"] = "private, max-age=3600" if before else "no-store"
    return answer


@login_required
@require_GET
@cache_control(private=True, max_age=300)
def indicators(request: HttpRequest) -> HttpResponse:
    return json_answer(catalogue())


def _whole(text: str | None, field: str) -> int | None:
    if not text:
        return None
    if not text.isdigit() or len(text) > 15:
        raise BadInput(f"{field} must be a whole number, not {text[:40]!r}", field=field)
    return int(text)
