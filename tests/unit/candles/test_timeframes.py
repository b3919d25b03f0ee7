from __future__ import annotations

import pytest

from apps.domain.errors import BadInput
from apps.domain.timeframes import TIMEFRAMES, timeframe_name, timeframe_parse


@pytest.mark.parametrize("name", TIMEFRAMES)
def test_names_and_seconds_are_two_ways_to_say_one_thing(name):
    assert timeframe_name(timeframe_parse(name)) == name


def test_five_minutes_are_three_hundred_seconds():
    assert timeframe_parse(" 5M ") == 300


@pytest.mark.parametrize("call", [lambda: timeframe_parse("7m"), lambda: timeframe_name(420)])
def test_others_are_answered_with_a_list(call):
    with pytest.raises(BadInput, match="1s, 5s"):
        call()
