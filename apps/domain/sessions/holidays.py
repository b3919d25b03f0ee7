"""Holidays as dated data (NSE) and as rules (United States)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final


def _dates(year: int, *days: str) -> set[date]:
    """ "0126" is 26 January."""
    return {date(year, int(day[:2]), int(day[2:])) for day in days}


NSE_YEARS: Final = (2019, 2026)
NSE_HOLIDAYS: Final = frozenset(
    _dates(2019, "0304", "0321", "0417", "0419", "0429", "0501", "0605", "0812", "0815", "0902", "0910")
    | _dates(2019, "1002", "1008", "1021", "1028", "1112", "1225")
    | _dates(2020, "0221", "0310", "0402", "0406", "0410", "0414", "0501", "0525", "1002", "1116", "1130", "1225")
    | _dates(2021, "0126", "0311", "0329", "0402", "0414", "0421", "0513", "0721", "0819", "0910", "1015")
    | _dates(2021, "1105", "1119")
    | _dates(2022, "0126", "0301", "0318", "0414", "0415", "0503", "0809", "0815", "0831", "1005", "1026", "1108")
    | _dates(2023, "0126", "0307", "0330", "0404", "0407", "0414", "0501", "0629", "0815", "0919", "1002", "1024")
    | _dates(2023, "1114", "1127", "1225")
    | _dates(2024, "0122", "0126", "0308", "0325", "0329", "0411", "0417", "0501", "0520", "0617", "0717", "0815")
    | _dates(2024, "1002", "1115", "1120", "1225")
    | _dates(2025, "0226", "0314", "0331", "0410", "0414", "0418", "0501", "0815", "0827", "1002", "1022", "1105")
    | _dates(2025, "1225")
    | _dates(2026, "0126", "0303", "0326", "0331", "0403", "0414", "0501", "0528", "0626", "0914", "1002", "1020")
    | _dates(2026, "1110", "1124", "1225")
)

US_YEARS: Final = (2000, 2040)
_US_MOURNING_AND_STORMS: Final = {
    date(2001, 9, 11),
    date(2001, 9, 12),
    date(2001, 9, 13),
    date(2001, 9, 14),
    date(2004, 6, 11),
    date(2007, 1, 2),
    date(2012, 10, 29),
    date(2012, 10, 30),
    date(2018, 12, 5),
    date(2025, 1, 9),
}


def easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar (the anonymous algorithm of Nature, 1876)."""
    a, b, c = year % 19, year // 100, year % 100
    d = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    e = (32 + 2 * (b % 4) + 2 * (c // 4) - d - c % 4) % 7
    f = d + e - 7 * ((a + 11 * d + 22 * e) // 451) + 114
    return date(year, f // 31, f % 31 + 1)


def good_friday(year: int) -> date:
    return easter(year) - timedelta(2)


def _nth(year: int, month: int, weekday: int, n: int) -> date:
    """The n-th Monday (0) … of a month; n = -1 is the last one."""
    if n < 0:
        last = date(year + month // 12, month % 12 + 1, 1) - timedelta(1)
        return last - timedelta((last.weekday() - weekday) % 7)
    first = date(year, month, 1)
    return first + timedelta((weekday - first.weekday()) % 7 + 7 * (n - 1))


def _observed(day: date) -> date:
    """A Saturday holiday is kept on Friday, a Sunday one on Monday."""
    return day + timedelta({5: -1, 6: 1}.get(day.weekday(), 0))


def us_holidays(year: int) -> set[date]:
    """Full closures of the New York Stock Exchange by rule. New Year on a Saturday is not made up for."""
    new_year = date(year, 1, 1)
    days = {_observed(new_year)} if new_year.weekday() != 5 else set()
    days |= {_nth(year, 1, 0, 3), _nth(year, 2, 0, 3), good_friday(year), _nth(year, 5, 0, -1)}
    days |= {_observed(date(year, 7, 4)), _nth(year, 9, 0, 1), _nth(year, 11, 3, 4), _observed(date(year, 12, 25))}
    return days | ({_observed(date(year, 6, 19))} if year >= 2022 else set())


def us_half_days(year: int) -> set[date]:
    """Closes at 13:00: the day after Thanksgiving, and 3 July and Christmas Eve from Monday to Thursday."""
    days = {_nth(year, 11, 3, 4) + timedelta(1)}
    eves = (date(year, 7, 3), date(year, 12, 24))
    return days | {eve for eve in eves if eve.weekday() < 4 and eve not in us_holidays(year)}


US_HOLIDAYS: Final = frozenset(
    _US_MOURNING_AND_STORMS.union(*(us_holidays(year) for year in range(US_YEARS[0], US_YEARS[1] + 1)))
)
US_HALF_DAYS: Final = frozenset(set().union(*(us_half_days(year) for year in range(US_YEARS[0], US_YEARS[1] + 1))))
