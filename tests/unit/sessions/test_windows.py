from __future__ import annotations

from datetime import time

import pytest

from apps.domain.errors import BadInput
from apps.domain.sessions import CFD_INDEX, CFD_METAL, NSE, US_EQUITY, Window, window_at
from tests.unit.candles.builders import ns


def test_new_york_opens_an_hour_apart_in_utc_before_and_after_its_clocks_change():
    before = window_at("new_york", ns("2024-03-08T15:00"))
    after = window_at("new_york", ns("2024-03-11T15:00"))
    assert before == (ns("2024-03-08T14:30"), ns("2024-03-08T21:00"))
    assert after == (ns("2024-03-11T13:30"), ns("2024-03-11T20:00"))


def test_london_and_new_york_change_on_different_sundays():
    assert window_at("london", ns("2024-03-20T12:00"))[0] == ns("2024-03-20T08:00")
    assert window_at("london", ns("2024-04-03T12:00"))[0] == ns("2024-04-03T07:00")


def test_a_window_ends_before_its_closing_instant():
    assert window_at("india", ns("2024-01-01T15:30+05:30")) is None
    assert window_at("india", ns("2024-01-01T15:29:59+05:30")) is not None


def test_a_window_over_midnight_belongs_to_the_day_it_starts_on():
    night = (time(22), time(2), "UTC")
    assert window_at(night, ns("2024-01-02T01:00")) == (ns("2024-01-01T22:00"), ns("2024-01-02T02:00"))
    assert window_at(night, ns("2024-01-02T02:00")) is None


def test_a_calendars_window_is_cut_to_its_session_and_empty_when_it_is_closed():
    assert CFD_METAL.window_at("new_york", ns("2024-06-03T10:00-04:00")) == (
        ns("2024-06-03T09:30-04:00"),
        ns("2024-06-03T16:00-04:00"),
    )
    assert CFD_INDEX.window_at("new_york", ns("2026-05-25T12:00-04:00"))[1] == ns("2026-05-25T13:00-04:00")
    assert US_EQUITY.window_at("new_york", ns("2024-06-01T10:00-04:00")) is None  # Saturday
    assert NSE.window_at(Window(time(8), time(10), "Asia/Kolkata"), ns("2024-01-01T09:30+05:30")) == (
        ns("2024-01-01T09:15+05:30"),
        ns("2024-01-01T10:00+05:30"),
    )


def test_an_unknown_window_is_answered_with_the_known_ones():
    with pytest.raises(BadInput, match="new_york"):
        window_at("sydney", 0)
