"""Candles with indicators, last prices, and the catalogue of indicators."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request

from apps.api.access import Scope
from apps.api.door import Door, operation
from apps.domain.indicators.registry import INDICATORS
from apps.domain.indicators.spec import Spec
from apps.domain.messages import to_ns
from apps.domain.studies import Study
from apps.domain.timeframes import timeframe_name
from apps.instruments.selectors import instrument_get, instrument_list
from apps.marketdata.api.serializers import CandleQuery, CandlesOut, IndicatorOut, QuoteOut, QuoteQuery
from apps.marketdata.quotes import Quote, board
from apps.marketdata.selectors import candles_load

MARKET = "Market"
MOST_WARM_UP = 6000


class Candles(Door):
    @operation("candles_get", MARKET, Scope.MARKET, query=CandleQuery, answer=CandlesOut)
    def get(self, request: Request, said: dict[str, Any], number: int) -> dict[str, Any]:
        """Closed candles as columns, oldest first, with the final values of any indicators."""
        instrument, limit = instrument_get(number), said["limit"]
        study = Study(said.get("indicator", ()))
        candles = candles_load(
            instrument=instrument.number,
            timeframe=said["timeframe"],
            limit=limit + min(study.warm_up, MOST_WARM_UP),
            before_ns=to_ns(said["before"]) if "before" in said else None,
        )
        values, shown = study.close(candles)[-limit:], candles[-limit:]
        return {
            "instrument": instrument.number,
            "timeframe": timeframe_name(said["timeframe"]),
            "start_ms": (shown["start_ns"] // 1_000_000).tolist(),
            **{name: shown[name].tolist() for name in ("open", "high", "low", "close", "volume")},
            "indicators": dict(zip(study.labels, values.T.tolist(), strict=True)),
            "more": len(candles) >= limit,
        }


class Quotes(Door):
    @operation("quotes_list", MARKET, Scope.MARKET, query=QuoteQuery, answer=QuoteOut, many=True)
    def get(self, request: Request, said: dict[str, Any]) -> list[Quote]:
        """The last price of each instrument that has been heard of, by number."""
        asked = said.get("instrument") or instrument_list().order_by("number").values_list("number", flat=True)
        return [quote for number in asked if (quote := board.get(number)) is not None]


class Indicators(Door):
    @operation("indicators_list", MARKET, Scope.MARKET, answer=IndicatorOut, many=True)
    def get(self, request: Request, said: dict[str, Any]) -> list[dict[str, Any]]:
        """Every indicator with its parameters and outputs."""
        return [_described(spec) for spec in INDICATORS.values()]


def _described(spec: Spec) -> dict[str, Any]:
    return {
        "name": spec.name,
        "title": spec.title,
        "pane": spec.pane.value,
        "source": spec.source,
        "params": spec.params,
        "outputs": spec.outputs,
    }
