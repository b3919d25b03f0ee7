"""All parts on one page, for those who build pages: what there is, in every state."""

from __future__ import annotations

import math
from typing import Any, Final

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from apps.dashboard.charts import spark_path

_SURFACES: Final = ("page", "surface", "raised", "sunken", "hover", "selected", "line", "line-strong")


class SampleForm(forms.Form):
    fast = forms.IntegerField(min_value=2, max_value=400, initial=20, help_text="Period of the fast average, candles.")
    side = forms.ChoiceField(choices=[("buy", "Buy"), ("sell", "Sell")])


@login_required
def gallery(request: HttpRequest) -> HttpResponse:
    if not request.user.is_staff:
        raise Http404
    return render(request, "dashboard/gallery.html", _samples())


def _samples() -> dict[str, Any]:
    rows = [
        ("XAUUSD", "Gold", 2_031.45, 12.3, 0.0061, 250_000),
        ("EURUSD", "Euro", 1.08312, -0.00041, -0.0004, -1_234_567.5),
        ("NIFTY", "Nifty 50", 21_731.4, 0, 0, 0),
    ]
    names = ("symbol", "name", "price", "change", "share", "pnl")
    return {
        "form": SampleForm({"fast": 1, "side": "buy"}),
        "rows": [
            dict(zip(names, row, strict=True))
            | {"spark": spark_path([math.sin(i / 3 + n) + n * i / 20 for i in range(40)])}
            for n, row in enumerate(rows)
        ],
        "surfaces": _SURFACES,
    }
