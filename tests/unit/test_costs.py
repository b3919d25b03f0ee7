"""What trading costs, per fill and per order."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.domain.costs import Bounded, FeeMeter, MakerTaker, NoCosts, Percent, PerUnit, costs_parse
from apps.domain.errors import BadInput

D = Decimal


@pytest.mark.parametrize(
    ("text", "fee"),
    [
        ("none", "0"),
        ("unit:1.5", "4.5"),
        ("lot:20:2", "40"),  # three units are one lot of two and another begun
        ("percent:0.002", "1.2"),
        ("maker_taker:-0.0001:0.0005", "0.3"),
        ("percent:0.002,min=5", "5"),
        ("percent:0.002,max=1", "1"),
    ],
)
def test_three_units_at_100_of_multiplier_2(text, fee):
    assert FeeMeter(costs_parse(text), D(2)).add(D(3), D(100)) == D(fee)


def test_who_was_there_first_pays_the_makers_rate():
    assert MakerTaker(D("-0.0001"), D("0.0005")).fee(D(1), D(1000), maker=True) == D("-0.1")


@pytest.mark.parametrize("text", ["", "gold", "percent", "percent:x", "percent:1:2", "unit:1,low=2", "unit:1,min"])
def test_costs_that_cannot_be_read_say_how_to_write_them(text):
    with pytest.raises(BadInput, match=r"percent|min="):
        costs_parse(text)


fills = st.lists(st.tuples(st.integers(1, 50), st.integers(1, 1000)), min_size=1, max_size=8)


@given(
    fills, st.sampled_from([NoCosts(), PerUnit(D("0.5")), Percent(D("0.01"))]), st.integers(0, 50), st.integers(50, 99)
)
def test_the_fees_of_part_fills_are_what_the_whole_order_costs(parts, costs, least, most):
    meter = FeeMeter(Bounded(costs, D(least), D(most)))
    charged = sum(meter.add(D(qty), D(price)) for qty, price in parts)
    whole = sum(costs.fee(D(qty), D(price)) for qty, price in parts)
    assert charged == meter.charged == min(max(whole, D(least)), D(most))
