"""Books, the bytes they are kept in, and what they were at any instant."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.domain.books import ASK, BID, Book, Digits, scaled
from apps.domain.depth_chunks import CHANGE, Chunk, chunk_decode, chunk_encode
from apps.domain.depth_tape import DepthRecorder, DepthTape
from apps.domain.errors import BadData, NotFound

PRICES = st.integers(1, 60)
CHANGES = st.lists(st.tuples(st.sampled_from([BID, ASK]), PRICES, st.integers(0, 5)), max_size=80)
MICROSECOND = 1_000


@pytest.mark.parametrize(
    "text, digits, value",
    [("14.7693", 4, 147693), ("0.000833500", 9, 833500), ("36.00", 2, 3600), ("7", 3, 7000), ("1.500", 1, 15)],
)
def test_a_decimal_becomes_an_integer_exactly(text: str, digits: int, value: int) -> None:
    assert scaled(text, digits) == value
    assert Digits(digits, 0).price_of(value) == Decimal(text)


@pytest.mark.parametrize("text", ["1.23456", "1e5", "", "one", "-1", "1_0"])
def test_what_would_lose_digits_or_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(BadData):
        scaled(text, 4)


@given(CHANGES)
def test_a_book_is_what_a_dict_of_levels_would_be(changes: list[tuple[int, int, int]]) -> None:
    book, plain = Book(), ({}, {})
    for side, price, size in changes:
        book.set(side, price, size)
        plain[side][price] = size
        if not size:
            del plain[side][price]
        bids, asks = sorted(plain[BID].items(), reverse=True), sorted(plain[ASK].items())
        assert (book.bids.top(5), book.asks.top(5)) == (bids[:5], asks[:5])
        assert (book.bids.best, book.asks.best) == (bids[0] if bids else None, asks[0] if asks else None)
        assert (len(book.bids), book.asks.size_sum) == (len(bids), sum(size for _, size in asks))
        assert book.bids.size_within(30) == sum(size for price, size in bids if price >= 30)
        assert book.asks.size_within(30) == sum(size for price, size in asks if price <= 30)


@given(
    st.lists(st.tuples(st.integers(0, 2**40), st.integers(-(2**30), 2**40), PRICES, st.integers(0, 2**62)), max_size=50)
)
def test_a_chunk_comes_back_from_its_bytes(rows: list[tuple[int, int, int, int]]) -> None:
    changes = np.array([(e * MICROSECOND, s * MICROSECOND, e % 2, p, z) for e, s, p, z in rows], CHANGE)
    keyframe = Book([(5, 2**62), (4, 1)], [(9, 7)])
    chunk = chunk_decode(chunk_encode(Chunk(Digits(4, 8), 3, 2**62, True, keyframe, changes)))
    assert (chunk.digits, chunk.start_ns, chunk.end_ns, chunk.is_torn) == (Digits(4, 8), 3, 2**62, True)
    assert chunk.keyframe == keyframe and np.array_equal(chunk.changes, changes)


def test_damaged_bytes_are_noticed() -> None:
    payload = chunk_encode(Chunk(Digits(4, 8), 0, 1, False, Book([(5, 1)]), np.empty(0, CHANGE)))
    for broken in (payload[:10], b"XX" + payload[2:], payload[:-1] + bytes([payload[-1] ^ 1]), payload[:-3]):
        with pytest.raises(BadData):
            chunk_decode(broken)


def recorded(**options: float) -> tuple[DepthRecorder, list[bytes]]:
    payloads: list[bytes] = []
    return DepthRecorder(Digits(2, 0), lambda start, end, payload: payloads.append(payload), **options), payloads


@given(CHANGES, st.integers(1, 20))
def test_the_book_at_any_instant_is_what_it_was_then(changes: list[tuple[int, int, int]], every: int) -> None:
    recorder, payloads = recorded(every=every)
    recorder.snapshot([(10, 1)], [(50, 1)], event_ns=0)
    was = {0: Book([(10, 1)], [(50, 1)])}
    for number, (side, price, size) in enumerate(changes):
        ns = (number // 3 + 1) * MICROSECOND  # several changes at one instant
        recorder.change(side, price, size, ns, ns + 500 * MICROSECOND)
        was[ns] = Book(recorder.book.bids.levels(), recorder.book.asks.levels())
    recorder.close()
    tape = DepthTape(payloads)
    assert {ns: tape.book_at(ns) for ns in was} == was
    assert tape.coverage(0, max(was)).holes == ()


def test_nothing_is_known_in_a_hole_and_again_from_the_next_snapshot() -> None:
    recorder, payloads = recorded()
    recorder.snapshot([(10, 1)], [(50, 1)], event_ns=1_000_000)
    recorder.change(BID, 11, 2, 2_000_000, 2_000_000)
    recorder.lost()
    with pytest.raises(BadData):
        recorder.change(BID, 12, 2, 3_000_000, 3_000_000)
    recorder.snapshot([(20, 1)], [], event_ns=5_000_000)
    recorder.close()
    tape = DepthTape(payloads)
    assert tape.book_at(2_000_000).bids.best == (11, 2)
    with pytest.raises(NotFound) as missed:
        tape.book_at(3_000_000)
    assert missed.value.facts == {"ns": 3_000_000, "from_ns": 2_000_000, "to_ns": 5_000_000}
    with pytest.raises(NotFound):
        tape.book_at(999_999)
    assert tape.book_at(5_000_000).bids.best == (20, 1)
    covered = tape.coverage(0, 6_000_000)
    assert covered.holes == ((0, 1_000_000), (2_000_000, 5_000_000), (5_000_000, 6_000_000))
    assert (covered.known_ns, covered.changes) == (1_000_000, 1)


def test_a_clock_of_the_venue_that_steps_back_never_turns_the_book_back() -> None:
    recorder, payloads = recorded()
    recorder.snapshot([(10, 1)], [], event_ns=1_000_000)
    recorder.change(BID, 11, 1, 3_000_000, 3_000_000)
    recorder.change(BID, 12, 1, 2_000_000, 3_100_000)
    recorder.close()
    tape = DepthTape(payloads)
    assert tape.book_at(2_500_000).bids.best == (10, 1)
    assert tape.book_at(3_000_000).bids.best == (12, 1)


def test_levels_beyond_the_venues_depth_are_dropped_and_recorded_so() -> None:
    recorder, payloads = recorded()
    recorder.snapshot([(1, 1), (2, 1), (3, 1)], [(7, 1), (8, 1), (9, 1)], event_ns=0)
    recorder.trim(2, 1_000, 1_000)
    recorder.close()
    book = DepthTape(payloads).book_at(1_000)
    assert (book.bids.levels(), book.asks.levels()) == ([(2, 1), (3, 1)], [(7, 1), (8, 1)])
