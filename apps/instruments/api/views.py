"""What can be traded, and where."""

from __future__ import annotations

import time
from typing import Any

from django.db.models import Q, QuerySet
from rest_framework.request import Request

from apps.api.access import Scope
from apps.api.door import Door, operation
from apps.api.pages import Paging
from apps.domain.sessions import calendar_get
from apps.instruments import selectors
from apps.instruments.api.serializers import InstrumentOut, InstrumentQuery, VenueOut
from apps.instruments.models import Instrument

MARKET = "Market"
PAGING = Paging({"symbol": ("symbol",), "number": ("number",)}, "symbol")


class Instruments(Door):
    @operation(
        "instruments_list", MARKET, Scope.MARKET, query=InstrumentQuery, answer=InstrumentOut, many=True, paging=PAGING
    )
    def get(self, request: Request, said: dict[str, Any]) -> QuerySet[Instrument]:
        """All that can be traded."""
        found = selectors.instrument_list()
        if "kind" in said:
            found = found.filter(kind=said["kind"])
        if "venue" in said:
            found = found.filter(venue__code__iexact=said["venue"])
        if "search" in said:
            found = found.filter(Q(symbol__icontains=said["search"]) | Q(name__icontains=said["search"]))
        return found


class OneInstrument(Door):
    @operation("instruments_get", MARKET, Scope.MARKET, answer=InstrumentOut)
    def get(self, request: Request, said: dict[str, Any], number: int) -> Instrument:
        """One instrument, traded today or not."""
        return selectors.instrument_get(number)


class Venues(Door):
    @operation("venues_list", MARKET, Scope.MARKET, answer=VenueOut, many=True)
    def get(self, request: Request, said: dict[str, Any]) -> list[dict[str, Any]]:
        """Every venue and whether it is open now."""
        now = time.time_ns()
        return [
            {
                "code": venue.code,
                "name": venue.name,
                "zone": venue.zone,
                "calendar": venue.calendar,
                "clock": calendar_get(venue.calendar).state(now),
            }
            for venue in selectors.venue_list()
        ]
