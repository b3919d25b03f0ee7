"""The calendars Velox ships, by name. Another venue is one more Calendar in a dict of your own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, time
from typing import Final

from apps.domain.errors import NotFound
from apps.domain.sessions.calendar import Calendar, Part, Season
from apps.domain.sessions.holidays import (
    NSE_HOLIDAYS,
    NSE_YEARS,
    US_HALF_DAYS,
    US_HOLIDAYS,
    US_YEARS,
    good_friday,
)

NEW_YORK, KOLKATA = "America/New_York", "Asia/Kolkata"
WEEKDAYS: Final = range(5)


def _week(*parts: Part) -> Mapping[int, tuple[Part, ...]]:
    return dict.fromkeys(WEEKDAYS, parts)


def _years(covered: tuple[int, int]) -> range:
    return range(covered[0], covered[1] + 1)


CRYPTO: Final = Calendar(
    "CRYPTO", "UTC", dict.fromkeys(range(7), (Part(time(0), time(0), close_day=1),)), note="Never closes."
)

_NSE_DAY: Final = Part(time(9, 15), time(15, 30))
_NSE_DRILL: Final = (Part(time(9, 15), time(10)), Part(time(11, 30), time(12, 30)))  # disaster-recovery Saturdays
_NSE_EVENING: Final = (Part(time(18, 15), time(19, 15)),)  # Muhurat: the hour of Diwali evening

NSE: Final = Calendar(
    "NSE",
    KOLKATA,
    _week(_NSE_DAY),
    holidays=NSE_HOLIDAYS,
    special={
        **dict.fromkeys((date(2020, 2, 1), date(2024, 1, 20), date(2025, 2, 1), date(2026, 2, 1)), (_NSE_DAY,)),
        **dict.fromkeys((date(2024, 3, 2), date(2024, 5, 18)), _NSE_DRILL),
        **dict.fromkeys(
            (date(2019, 10, 27), date(2020, 11, 14), date(2021, 11, 4), date(2022, 10, 24), date(2023, 11, 12)),
            _NSE_EVENING,
        ),
        date(2024, 11, 1): (Part(time(18), time(19)),),
        date(2025, 10, 21): (Part(time(13, 45), time(14, 45)),),
    },
    covered=NSE_YEARS,
    note="Equity segment. Not covered: pre-open 09:00-09:15, closing session, the Muhurat hour of 2026.",
)

US_EQUITY: Final = Calendar(
    "US_EQUITY",
    NEW_YORK,
    _week(Part(time(9, 30), time(16))),
    holidays=US_HOLIDAYS,
    special=dict.fromkeys(US_HALF_DAYS - US_HOLIDAYS, (Part(time(9, 30), time(13)),)),
    covered=US_YEARS,
    note="Regular hours. Not covered: pre- and post-market, half days before 2013 that broke the rule, halts.",
)

FX: Final = Calendar(
    "FX",
    NEW_YORK,
    _week(Part(time(17), time(17), open_day=-1)),
    note="Sunday 17:00 to Friday 17:00 New York. Not covered: Christmas and New Year, which differ by dealer.",
)

_CFD_DAY: Final = Part(time(18), time(17), open_day=-1)
CFD_METAL: Final = Calendar(
    "CFD_METAL",
    NEW_YORK,
    _week(_CFD_DAY),
    note="Break 17:00-18:00 New York. Not covered: early closes around US holidays, which differ by dealer.",
)


def _index_special() -> dict[date, tuple[Part, ...]]:
    """US index futures close early where the stock exchange is shut, and these CFDs with them.

    A good Friday with the payrolls report trades until 09:15, another not at all.
    """
    early: dict[date, tuple[Part, ...]] = {
        day: (Part(time(18), time(13), open_day=-1),) for day in US_HOLIDAYS if day.weekday() < 5
    }
    payroll_fridays = (date(2015, 4, 3), date(2021, 4, 2), date(2023, 4, 7), date(2026, 4, 3))
    for year in _years(US_YEARS):
        day = good_friday(year)
        early[day] = (Part(time(18), time(9, 15), open_day=-1),) if day in payroll_fridays else ()
        for shut in (date(year, 1, 1), date(year, 12, 25)):
            if shut.weekday() < 5:
                early[shut] = ()
    return early


CFD_INDEX: Final = Calendar(
    "CFD_INDEX",
    NEW_YORK,
    _week(_CFD_DAY),
    special=_index_special(),
    covered=US_YEARS,
    note="US30, US500 and the like. Not covered: dealers' own early Fridays, half days.",
)

MCX: Final = Calendar(
    "MCX",
    KOLKATA,
    _week(Part(time(9), time(23, 55))),
    season=Season(NEW_YORK, _week(Part(time(9), time(23, 30)))),
    note="Closes with New York: 23:30 in its summer, 23:55 otherwise. Not covered: holidays.",
)

_SHANGHAI_DAY: Final = (
    Part(time(9), time(10, 15)),
    Part(time(10, 30), time(11, 30)),
    Part(time(13, 30), time(15)),
)
_SHANGHAI_NIGHT: Final = Part(time(21), time(2, 30), open_day=-1)
SHFE_GOLD: Final = Calendar(
    "SHFE_GOLD",
    "Asia/Shanghai",
    {
        **_week(_SHANGHAI_NIGHT, *_SHANGHAI_DAY),
        0: (Part(time(21), time(2, 30), open_day=-3, close_day=-2), *_SHANGHAI_DAY),
    },
    note="The night belongs to the next trading day, Friday's to Monday. Not covered: holidays.",
)

CALENDARS: Final[dict[str, Calendar]] = {
    calendar.name: calendar for calendar in (CRYPTO, NSE, US_EQUITY, FX, CFD_METAL, CFD_INDEX, MCX, SHFE_GOLD)
}


def calendar_get(name: str) -> Calendar:
    """Raises NotFound that lists the calendars there are."""
    try:
        return CALENDARS[name]
    except KeyError:
        raise NotFound(f"no calendar is called {name!r}; there are {', '.join(CALENDARS)}", calendar=name) from None
