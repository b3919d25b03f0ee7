"""How numbers read on every page."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.dashboard.charts import spark_path
from apps.dashboard.templatetags import numbers


@pytest.mark.parametrize(
    ("value", "currency", "text"),
    [
        ("1234567.8", "INR", "₹12,34,567.80"),
        ("1234567.8", "USD", "$1,234,567.80"),
        ("-999", "INR", "−₹999.00"),
        ("123456789012", "INR", "₹1,23,45,67,89,012.00"),
        ("1234.5", "JPY", "¥1,234"),
        ("12.345", "CHF", "12.34 CHF"),
        (None, "USD", "–"),
        ("NaN", "USD", "–"),
    ],
)
def test_money_reads_as_its_country_writes_it(value, currency, text):
    assert numbers.money(value, currency) == text


@pytest.mark.parametrize(("value", "text"), [("5", "+$5.00"), ("-5", "−$5.00"), ("0", "$0.00"), ("-0.001", "$0.00")])
def test_a_signed_amount_has_a_sign_unless_it_is_zero(value, text):
    assert numbers.money_signed(value, "USD") == text


@pytest.mark.parametrize(
    ("price", "tick", "text"),
    [("2031.5", "0.05", "2,031.50"), ("1.1", "0.00001", "1.10000"), ("65000", "1", "65,000"), ("7", "0.10", "7.0")],
)
def test_a_price_has_the_digits_of_its_tick(price, tick, text):
    assert numbers.price(Decimal(price), Decimal(tick)) == text


@given(st.decimals(min_value=-(10**12), max_value=10**12, places=2, allow_nan=False))
def test_grouping_never_changes_the_number(value):
    for indian in (False, True):
        plain = numbers.number_format(value, 2, indian=indian).replace(",", "").replace(numbers.MINUS, "-")
        assert Decimal(plain) == value


@given(st.lists(st.floats(-1e9, 1e9), min_size=2, max_size=60))
def test_a_sparkline_stays_inside_its_box(values):
    pairs = [tuple(map(float, pair.split())) for pair in spark_path(values)[1:].split("L")]
    assert len(pairs) == len(values)
    assert all(0 <= x <= 100 and 0 <= y <= 24 for x, y in pairs)
