"""Study and StudyBank: columns, saving, and what they refuse."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.domain.errors import BadInput
from apps.domain.frames import TICK
from apps.domain.indicators.registry import INDICATORS, request
from apps.domain.studies import Forming, Study, StudyBank
from tests.unit.indicators.candles import made_up

SIX = ["sma(20)", "ema(20)", "rsi(14)", "macd(12,26,9)", "bbands(20,2)", "atr(14)"]
CANDLES = made_up(600)


def test_columns_and_labels_name_every_output():
    study = Study(["macd", "ema( 20 )", "ema(20)"])
    assert study.columns == {"macd(12,26,9)": slice(0, 3), "ema(20)": slice(3, 4)}
    assert study.labels == ("macd(12,26,9).macd", "macd(12,26,9).signal", "macd(12,26,9).histogram", "ema(20)")


def test_warm_up_is_that_of_the_slowest():
    assert Study(SIX).warm_up == 34
    values = Study(SIX).close(CANDLES)
    assert np.isnan(values[32]).any() and not np.isnan(values[33:]).any()


@settings(max_examples=40, deadline=None)
@given(cut=st.integers(0, 599), chosen=st.sets(st.sampled_from(list(INDICATORS)), min_size=1))
def test_saved_and_restored_anywhere_equals_never_stopped(cut, chosen):
    requests = [request(name) for name in INDICATORS if name in chosen]
    first = Study(requests)
    first.close(CANDLES[:cut])
    second = Study(requests)
    second.restore(first.save())
    assert second.candles == cut
    assert second.close(CANDLES[cut:]).tobytes() == Study(requests).close(CANDLES)[cut:].tobytes()


@settings(max_examples=30, deadline=None)
@given(cuts=st.lists(st.integers(0, 600), max_size=6).map(sorted))
def test_arrays_cut_anywhere_give_the_same(cuts):
    study = Study(SIX)
    pieces = [study.close(CANDLES[a:b]) for a, b in zip([0, *cuts], [*cuts, 600], strict=True)]
    assert np.concatenate(pieces).tobytes() == Study(SIX).close(CANDLES).tobytes()


def test_nothing_asked_is_an_empty_table():
    study = Study([])
    assert study.close(CANDLES).shape == (600, 0) and study.warm_up == 0
    other = Study([])
    other.restore(study.save())
    assert other.candles == 600


@pytest.mark.parametrize("at", [0, 5, 30, -1])
def test_a_damaged_state_is_refused(at):
    study = Study(SIX)
    saved = bytearray(study.save())
    saved[at] ^= 1
    with pytest.raises(BadInput, match="damaged"):
        study.restore(bytes(saved))


def test_a_truncated_state_is_refused():
    with pytest.raises(BadInput, match="damaged"):
        Study(SIX).restore(Study(SIX).save()[:10])


def test_the_state_of_other_indicators_is_refused():
    with pytest.raises(BadInput, match="others than these"):
        Study(["ema(21)"]).restore(Study(["ema(20)"]).save())


def test_ticks_move_the_forming_candle_on():
    forming = Forming(0, 0)
    Study(SIX).peek_rows(forming, np.array([10.0, 12.0, np.nan, 9.0]), np.array([1.0, 2.0, 5.0, 3.0]))
    assert forming.prices.tolist() == [10.0, 12.0, 9.0, 9.0, 6.0]


def test_a_row_without_a_price_gets_no_values():
    study = Study(["obv"])
    values = study.peek_rows(Forming(0, 0), np.array([10.0, np.nan, 11.0]), np.ones(3))
    assert np.isnan(values[:, 0]).tolist() == [False, True, False]


def test_columns_of_a_read_only_frame_are_taken_as_they_are():
    ticks = np.zeros(3, TICK)
    ticks["price"], ticks["size"] = [10, 11, 12], 1
    received = np.frombuffer(ticks.tobytes(), TICK)
    assert Study(["obv"]).peek_rows(Forming(0, 0), received["price"], received["size"])[:, 0].tolist() == [1, 2, 3]


def ticks(slot: list[int], price: list[float], start: list[int]) -> dict[str, np.ndarray]:
    starts = np.array(start, np.int64)
    sizes = np.ones(len(slot))
    return {
        "slot": np.array(slot, np.int64), "price": np.array(price, float), "size": sizes,
        "start_ns": starts, "session_ns": starts * 0,
    }  # fmt: skip


def test_a_tick_of_the_next_candle_commits_the_forming_one():
    bank = StudyBank(["sma(1)"], 2)
    told = bank.on_ticks(**ticks([0, 1, 0, 0], [5, 7, 6, 8], [0, 0, 0, 60]))
    assert told.values[:, 0].tolist() == [5, 7, 6, 8]
    assert told.finals[:, 0].tolist() == [6] and told.final_rows.tolist() == [3]
    assert bank.forming(0).tolist() == [8, 8, 8, 8, 1]


def test_closing_commits_what_forms_and_says_nan_where_nothing_does():
    bank = StudyBank(["sma(1)"], 2)
    bank.on_ticks(**ticks([1], [7], [0]))
    assert np.isnan(bank.close(np.array([0, 1]))[:, 0]).tolist() == [True, False]
    assert bank.forming(1) is None


def test_a_slot_outside_the_bank_is_refused():
    bank = StudyBank(SIX, 2)
    for slot in (-1, 2):
        with pytest.raises(BadInput, match="from 0 to 1"):
            bank.on_ticks(**ticks([slot], [1.0], [0]))


def test_columns_of_different_length_are_refused():
    with pytest.raises(BadInput, match="length"):
        Study(SIX).peek_rows(Forming(0, 0), np.ones(3), np.ones(2))
