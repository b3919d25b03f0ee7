"""Frames as bytes: the same again, golden, and nothing else accepted."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from apps.domain.errors import BadData
from apps.domain.frames import CANDLE, CANDLES, QUOTE, TICK, TICKS, decode, encode, tape_at, tape_split

GOLDEN = (
    "56580101010000000000000000000000"  # VX, version 1, ticks, one row, no source
    "07000000" "01000000"  # instrument 7, a quote
    "00ca9a3b00000000" "0094357700000000"  # happened at 1 s, seen at 2 s
    "0000000000005940" "0000000000000840" "0000000000405940" "0000000000001040"  # 100 x 3 bid, 101 x 4 offered
)  # fmt: skip


def golden_row() -> np.ndarray:
    return np.array([(7, QUOTE, 10**9, 2 * 10**9, 100.0, 3.0, 101.0, 4.0)], TICK)


def test_a_frame_is_these_bytes_for_ever() -> None:
    assert encode(TICKS, golden_row()).hex() == GOLDEN
    kind, rows, source = decode(bytes.fromhex(GOLDEN))
    assert (kind, source) == (TICKS, 0)
    assert rows.tolist() == golden_row().tolist()


@given(hnp.arrays(TICK, st.integers(0, 40)), st.integers(-(2**63), 2**63 - 1))
def test_what_was_encoded_comes_back_to_the_bit(rows: np.ndarray, source: int) -> None:
    kind, back, offset = decode(encode(TICKS, rows, source))
    assert (kind, offset) == (TICKS, source)
    assert back.tobytes() == rows.tobytes()


def test_a_part_of_an_array_is_a_frame_too() -> None:
    rows = np.concatenate([golden_row()] * 9)
    rows["instrument"] = range(9)
    assert decode(encode(TICKS, rows[::3]))[1]["instrument"].tolist() == [0, 3, 6]


def test_candles_name_the_frame_they_came_from() -> None:
    assert decode(encode(CANDLES, np.zeros(0, CANDLE), 41)) [2] == 41  # fmt: skip


def test_a_decoded_frame_cannot_be_written_to() -> None:
    with pytest.raises(ValueError, match="read-only"):
        decode(encode(TICKS, golden_row()))[1]["price"] = 1.0


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"VX",
        bytes.fromhex(GOLDEN)[:-1],
        bytes.fromhex(GOLDEN) + b"\0",
        b"VY" + bytes.fromhex(GOLDEN)[2:],
        b"VX\x02" + bytes.fromhex(GOLDEN)[3:],  # a version to come
        b"VX\x01\x09" + bytes.fromhex(GOLDEN)[4:],  # a kind nobody knows
    ],
)
def test_anything_else_is_bad_data(payload: bytes) -> None:
    with pytest.raises(BadData):
        decode(payload)


@given(
    st.tuples(st.integers(0, 2**40), st.integers(0, 2**20 - 1)),
    st.tuples(st.integers(0, 2**40), st.integers(0, 2**20 - 1)),
)
def test_places_on_the_tape_are_ordered_as_offset_then_row(one: tuple[int, int], other: tuple[int, int]) -> None:
    assert (tape_at(*one) < tape_at(*other)) == (one < other)
    assert tape_split(tape_at(*one)) == one
