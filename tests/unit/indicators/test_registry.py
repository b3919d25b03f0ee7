"""The registry: text forms, parameters and their refusals, and what charts and forms are made from."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.domain.errors import BadInput
from apps.domain.indicators.registry import INDICATORS, parse, request
from apps.domain.indicators.spec import Param
from apps.domain.studies import Study
from tests.unit.indicators.candles import made_up


@pytest.mark.parametrize(
    "text, canonical",
    [
        ("ema(20)", "ema(20)"),
        ("ema", "ema(20)"),
        (" macd( 12, 26 ,9 ) ", "macd(12,26,9)"),
        ("bbands(20, width=2.5)", "bbands(20,2.5)"),
        ("bbands(20.0,2.0)", "bbands(20,2)"),
        ("vwap", "vwap()"),
        ("psar()", "psar(0.02,0.2)"),
    ],
)
def test_text_is_read_and_written_in_one_way(text, canonical):
    assert str(parse(text)) == canonical


def values_of(param: Param) -> st.SearchStrategy[float]:
    if param.whole:
        return st.integers(int(param.low), int(param.high)).map(float)
    return st.floats(param.low, param.high)


@given(data=st.data(), name=st.sampled_from(list(INDICATORS)))
def test_every_request_survives_its_text(data, name):
    spec = INDICATORS[name]
    values = [data.draw(values_of(param)) for param in spec.params]
    if spec.rule(*values) is None:
        wanted = request(name, *values)
        assert parse(str(wanted)) == wanted


@pytest.mark.parametrize(
    "text, field, says",
    [
        ("emma(20)", "indicator", "no indicator is called 'emma'"),
        ("ema(0)", "period", "whole number from 1 to 5000, was '0'"),
        ("ema(2.5)", "period", "whole number"),
        ("ema(nan)", "period", "whole number"),
        ("ema(x)", "period", "was 'x'"),
        ("ema(20,3)", "ema", "takes 1 parameters, was given 2"),
        ("ema(length=20)", "length", "it has: period"),
        ("bbands(20,period=20)", "period", "no parameter period to set"),
        ("bbands(period=20,2)", "indicator", "without a name follows"),
        ("macd(26,12,9)", "fast", "must be below slow"),
        ("psar(0.5,0.2)", "acceleration", "must not pass"),
        ("ema(20", "indicator", "is written like"),
        ("__import__('os')", "indicator", "is written like"),
    ],
)
def test_what_cannot_be_is_refused_with_field_and_reason(text, field, says):
    with pytest.raises(BadInput, match=re.escape(says)) as refused:
        parse(text)
    assert refused.value.facts["field"] == field


@pytest.mark.parametrize("name", INDICATORS)
def test_an_entry_holds_what_forms_and_charts_need(name):
    spec = INDICATORS[name]
    assert spec.title and spec.source and spec.outputs
    assert set(spec.inputs) <= {"open", "high", "low", "close", "volume"}
    assert len({output.name for output in spec.outputs}) == len(spec.outputs)
    for param in spec.params:
        assert param.help and param.low <= param.default <= param.high
    assert spec.rule(*(param.default for param in spec.params)) is None
    assert request(name).warm_up >= 1


@pytest.mark.parametrize("name", INDICATORS)
def test_inputs_are_exactly_what_the_values_depend_on(name):
    candles, spec = made_up(400), INDICATORS[name]
    expected = Study([request(name)]).close(candles)
    for field in ("open", "high", "low", "close", "volume"):
        changed = candles.copy()
        changed[field] = candles[field] * np.random.default_rng(5).uniform(1.0, 1.001, 400)
        same = np.array_equal(Study([request(name)]).close(changed), expected, equal_nan=True)
        assert same == (field not in spec.inputs), field


@pytest.mark.parametrize("name", INDICATORS)
@pytest.mark.parametrize("end", ["low", "high"])
def test_the_ends_of_every_range_work(name, end):
    spec = INDICATORS[name]
    values = [min(getattr(param, end), 300.0) for param in spec.params]
    if spec.rule(*values):  # the two ends of a pair cannot meet: one of them stays at its default
        kept = ("slow", "maximum") if end == "low" else ("fast", "acceleration")
        values = [
            param.default if param.name in kept else value for param, value in zip(spec.params, values, strict=True)
        ]
    wanted = request(name, *values)
    known = ~np.isnan(Study([wanted]).close(made_up(1500))[200:]).any(axis=1)
    assert known[max(wanted.warm_up, 75) :].any()
