"""The same candles give the same bits: as an array, one at a time, tick by tick, and over thousands of slots."""

from __future__ import annotations

import numpy as np
import pytest

from apps.domain.frames import CandleArray
from apps.domain.indicators.registry import INDICATORS, request
from apps.domain.indicators.single import Indicator
from apps.domain.studies import Floats, Forming, Study, StudyBank
from tests.unit.indicators.candles import made_up

ALL = [request(name) for name in INDICATORS]


def same_bits(left: Floats, right: Floats) -> bool:
    return left.tobytes() == np.ascontiguousarray(right).tobytes()


def arguments(candle: np.void) -> tuple[float | int, ...]:
    fields = ("open", "high", "low", "close", "volume", "start_ns", "session_ns")
    return tuple(candle[field].item() for field in fields)


def ticks_of(candle: np.void) -> tuple[Floats, Floats]:
    """Five ticks that build exactly this candle."""
    price = [candle["open"], candle["low"], candle["high"], candle["open"], candle["close"]]
    return np.array(price), np.array([0.0, 0.0, candle["volume"], 0.0, 0.0])


def frame_of(candles: CandleArray, slot: np.ndarray) -> dict[str, np.ndarray]:
    """The ticks of these candles, one candle a slot."""
    ticks = [ticks_of(candle) for candle in candles]
    return {
        "slot": np.repeat(slot, 5),
        "price": np.concatenate([price for price, _ in ticks]),
        "size": np.concatenate([size for _, size in ticks]),
        "start_ns": np.repeat(candles["start_ns"], 5),
        "session_ns": np.repeat(candles["session_ns"], 5),
    }


def test_one_at_a_time_equals_the_whole_array(awkward):
    study = Study(ALL)
    one_by_one = np.concatenate([study.close(awkward[i : i + 1]) for i in range(len(awkward))])
    assert same_bits(one_by_one, Study(ALL).close(awkward))


def test_provisional_at_the_last_tick_equals_final_at_the_close(awkward):
    study = Study(ALL)
    for i, candle in enumerate(awkward):
        forming = Forming(candle["start_ns"], candle["session_ns"])
        provisional = study.peek_rows(forming, *ticks_of(candle))
        peeked = study.peek(*arguments(candle))
        final = study.close(awkward[i : i + 1])[0]
        assert same_bits(provisional[-1], final), f"candle {i}"
        assert same_bits(peeked, final), f"candle {i}"


def test_looking_at_a_forming_candle_changes_nothing_committed(awkward):
    study = Study(ALL)
    study.close(awkward[:500])
    before = study.save()
    for candle in awkward[500:600]:
        study.peek(*arguments(candle))
        study.peek_rows(Forming(candle["start_ns"], candle["session_ns"]), *ticks_of(candle))
    assert study.save() == before


@pytest.mark.parametrize("name", INDICATORS)
def test_the_object_for_one_indicator_gives_the_same_numbers(name, awkward):
    single, expected = Indicator(name), Study([request(name)]).close(awkward[:250])
    for candle, row in zip(awkward[:250], expected, strict=True):
        names = ("open", "high", "low", "close", "volume", "start_ns", "session_ns")
        given = dict(zip(names, arguments(candle), strict=True))
        peeked, found = single.peek(**given), single.update(**given)
        assert found == peeked
        assert found is None if np.isnan(row).any() else list(found.values()) == row.tolist()


def test_thousands_of_slots_each_equal_their_own_run():
    slots, length = 3000, 90
    candles = np.stack([made_up(length, seed=seed, per_session=40) for seed in range(30)])
    bank = StudyBank(ALL, slots)
    rng = np.random.default_rng(0)
    finals = np.empty((slots, length, bank.width))
    last = np.empty((slots, bank.width))
    for i in range(length + 1):
        order = rng.permutation(slots).astype(np.int64)
        if i < length:
            ticked = bank.on_ticks(**frame_of(candles[order % 30, i], order))
            provisional = ticked.values[4::5]
            closed = order if i else order[:0]
            assert np.array_equal(ticked.final_rows, 5 * np.arange(len(closed)))
            closing = ticked.finals
        else:
            closed, closing = order, bank.close(order)
        if i:
            finals[closed, i - 1] = closing
            assert same_bits(last[closed], closing)
        if i < length:
            last[order] = provisional
    for seed in range(30):
        expected = Study(ALL).close(candles[seed])
        assert all(same_bits(expected, finals[slot]) for slot in range(seed, slots, 30))


def test_frames_cut_anywhere_give_the_same(awkward):
    ticks = frame_of(awkward[:200], np.zeros(200, np.int64))
    whole, cut = StudyBank(ALL, 1), StudyBank(ALL, 1)
    expected = whole.on_ticks(**ticks)
    pieces = [cut.on_ticks(**{k: v[a : a + 7] for k, v in ticks.items()}) for a in range(0, 1000, 7)]
    assert same_bits(expected.values, np.concatenate([piece.values for piece in pieces]))
    assert same_bits(expected.finals, np.concatenate([piece.finals for piece in pieces]))
