from __future__ import annotations

from datetime import date, time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.domain.errors import BadInput, NotFound
from apps.domain.messages import utc
from apps.domain.sessions import (
    CALENDARS,
    CFD_INDEX,
    CFD_METAL,
    CRYPTO,
    FX,
    MCX,
    NSE,
    SHFE_GOLD,
    US_EQUITY,
    Calendar,
    MarketState,
    Part,
    Session,
    calendar_get,
)
from tests.unit.candles.builders import ns

IN_2024 = st.integers(ns("2024-01-01"), ns("2025-01-01") - 1)


def session(opens: str, closes: str, day: str) -> Session:
    return Session(ns(opens), ns(closes), date.fromisoformat(day))


@pytest.mark.parametrize(
    ("calendar", "at", "expected"),
    [
        (NSE, "2024-01-01T09:15+05:30", session("2024-01-01T03:45", "2024-01-01T10:00", "2024-01-01")),
        (US_EQUITY, "2024-03-08T12:00-05:00", session("2024-03-08T14:30", "2024-03-08T21:00", "2024-03-08")),
        (US_EQUITY, "2024-03-11T12:00-04:00", session("2024-03-11T13:30", "2024-03-11T20:00", "2024-03-11")),
        (FX, "2024-03-10T17:00-04:00", session("2024-03-10T21:00", "2024-03-11T21:00", "2024-03-11")),
        (FX, "2024-03-07T17:00-05:00", session("2024-03-07T22:00", "2024-03-08T22:00", "2024-03-08")),
        (CFD_METAL, "2024-06-02T18:00-04:00", session("2024-06-02T22:00", "2024-06-03T21:00", "2024-06-03")),
        (CRYPTO, "2024-06-02T23:59", session("2024-06-02", "2024-06-03", "2024-06-02")),
        (MCX, "2024-06-03T22:00+05:30", session("2024-06-03T03:30", "2024-06-03T18:00", "2024-06-03")),
        (MCX, "2024-12-03T22:00+05:30", session("2024-12-03T03:30", "2024-12-03T18:25", "2024-12-03")),
        (SHFE_GOLD, "2024-06-14T21:00+08:00", session("2024-06-14T13:00", "2024-06-14T18:30", "2024-06-17")),
        (SHFE_GOLD, "2024-06-18T01:00+08:00", session("2024-06-17T13:00", "2024-06-17T18:30", "2024-06-18")),
    ],
)
def test_an_instant_lies_in_its_session_and_trading_day(calendar, at, expected):
    assert calendar.session_at(ns(at)) == expected


@pytest.mark.parametrize(
    ("calendar", "at"),
    [
        (NSE, "2024-01-01T09:14:59+05:30"),
        (NSE, "2024-01-01T15:30+05:30"),  # the closing instant is outside
        (NSE, "2024-01-22T12:00+05:30"),  # a holiday
        (NSE, "2024-03-02T10:30+05:30"),  # between the two parts of that Saturday
        (NSE, "2024-03-09T12:00+05:30"),  # any other Saturday
        (US_EQUITY, "2024-11-29T13:00-05:00"),  # half day after Thanksgiving
        (US_EQUITY, "2024-03-29T12:00-04:00"),  # Good Friday
        (US_EQUITY, "2022-12-26T12:00-05:00"),  # Christmas kept on Monday
        (US_EQUITY, "2012-10-29T12:00-04:00"),  # the storm
        (FX, "2024-03-08T17:00-05:00"),
        (FX, "2024-03-10T16:59-04:00"),
        (CFD_METAL, "2024-06-03T17:30-04:00"),  # the daily break
        (CFD_INDEX, "2026-05-25T13:00-04:00"),  # Memorial Day closes at 13:00
        (CFD_INDEX, "2026-04-03T09:15-04:00"),  # a Good Friday with payrolls
    ],
)
def test_closed_means_no_session(calendar, at):
    assert calendar.session_at(ns(at)) is None and not calendar.is_open(ns(at))


def test_saturdays_the_indian_exchange_did_trade():
    assert [utc(s.open_ns).isoformat() for s in NSE.sessions(date(2024, 3, 2))] == [
        "2024-03-02T03:45:00+00:00",
        "2024-03-02T06:00:00+00:00",
    ]
    assert NSE.day_bounds(date(2024, 1, 20)) == (ns("2024-01-20T09:15+05:30"), ns("2024-01-20T15:30+05:30"))
    assert NSE.day_bounds(date(2024, 11, 1)) == (ns("2024-11-01T18:00+05:30"), ns("2024-11-01T19:00+05:30"))


def test_us_holidays_of_a_year_by_rule():
    closed = [
        day
        for ordinal in range(date(2024, 1, 1).toordinal(), date(2025, 1, 1).toordinal())
        if (day := date.fromordinal(ordinal)).weekday() < 5 and not US_EQUITY.parts(day)
    ]
    assert [f"{day:%m%d}" for day in closed] == [
        "0101",
        "0115",
        "0219",
        "0329",
        "0527",
        "0619",
        "0704",
        "0902",
        "1128",
        "1225",
    ]


def test_next_open_skips_weekend_and_holiday():
    assert NSE.next_open(ns("2024-03-22T16:00+05:30")) == ns("2024-03-26T09:15+05:30")  # Holi on Monday
    assert FX.next_open(ns("2024-03-08T23:00")) == ns("2024-03-10T21:00")  # summer time began meanwhile


def test_a_market_clock_says_what_it_is_and_when_it_changes():
    assert NSE.state(ns("2024-03-02T09:30+05:30")) == (MarketState.OPEN, ns("2024-03-02T10:00+05:30"))
    assert NSE.state(ns("2024-03-02T11:00+05:30")) == (MarketState.BREAK, ns("2024-03-02T11:30+05:30"))
    assert NSE.state(ns("2024-03-02T13:00+05:30")) == (MarketState.CLOSED, ns("2024-03-04T09:15+05:30"))
    assert CFD_METAL.state(ns("2024-06-03T17:30-04:00")) == (MarketState.CLOSED, ns("2024-06-03T18:00-04:00"))


def test_a_venue_that_never_opens_says_so():
    shut = Calendar("SHUT", "UTC", {})
    assert shut.state(ns("2024-01-01")) == (MarketState.CLOSED, None) and shut.next_open(ns("2024-01-01")) is None


@pytest.mark.parametrize("calendar", CALENDARS.values(), ids=CALENDARS)
@settings(max_examples=40, deadline=None)
@given(at=IN_2024)
def test_lookups_agree_with_the_days_own_sessions(calendar, at):
    found = calendar.session_at(at)
    if found is not None:
        assert found.open_ns <= at < found.close_ns and found in calendar.sessions(found.trading_day)
    opens = calendar.next_open(at)
    assert opens > at and calendar.session_at(opens).open_ns == opens
    assert found is not None or calendar.session_at(opens - 1) is None


@pytest.mark.parametrize("calendar", CALENDARS.values(), ids=CALENDARS)
def test_the_table_is_in_order_however_it_grew(calendar):
    fresh = Calendar(
        calendar.name, calendar.zone, calendar.weekly, calendar.holidays, calendar.special, calendar.season
    )
    for year in (2024, 2010, 2026, 1999, 2024):
        fresh.table.cover(ns(f"{year}-05-01"))
    span = fresh.table.span
    assert all(a < b for a, b in zip(span.opens, span.closes, strict=True))
    assert all(a <= b for a, b in zip(span.closes, span.opens[1:], strict=False))
    assert span.array[:, 0].tolist() == span.opens and span.days == sorted(span.days)


@pytest.mark.parametrize("at", [-1, ns("2100-01-02")])
def test_times_no_market_has_are_refused(at):
    with pytest.raises(BadInput, match="1970 and 2100"):
        NSE.session_at(at)


@pytest.mark.parametrize(
    "parts",
    [
        (Part(time(10), time(9)),),
        (Part(time(9), time(12)), Part(time(11), time(15))),
        (Part(time(9), time(12), open_day=-9),),
    ],
)
def test_impossible_hours_are_refused_when_the_calendar_is_made(parts):
    with pytest.raises(BadInput, match="overlap, run backwards"):
        Calendar("WRONG", "UTC", {0: parts})


def test_an_unknown_calendar_is_answered_with_the_known_ones():
    with pytest.raises(NotFound, match="NSE"):
        calendar_get("BSE")
