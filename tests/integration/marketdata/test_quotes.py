"""The board shows the last price of each instrument, and how old it is."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.domain.frames import CLOCK, QUOTE, TICK
from apps.marketdata.quotes import QuoteBoard


def frame(*rows: tuple[int, int, float, float]):
    """Rows of (instrument, flags, price, ask), a millisecond apart."""
    ticks = np.zeros(len(rows), TICK)
    for place, (instrument, flags, price, ask) in enumerate(rows):
        at = (place + 1) * 1_000_000
        ticks[place] = (instrument, flags, at, at + 500, price, 1.0, ask, 0.0)
    return ticks


NAN = float("nan")


def test_an_instrument_nobody_heard_of_has_no_quote():
    board = QuoteBoard()
    assert board.get(5) is None and board.get(10**6) is None and board.get(-1) is None


def test_the_last_row_of_a_frame_wins():
    board = QuoteBoard()
    board.update(frame((1, QUOTE, 10.0, 10.1), (2, 0, 5.0, NAN), (1, QUOTE, 11.0, 11.2)))
    quote = board.get(1)
    assert (quote.price, quote.bid, quote.ask, quote.event_ns) == (11.0, 11.0, 11.2, 3_000_000)
    assert (board.get(2).bid, board.get(2).ask) == (None, None)


def test_a_trade_moves_the_price_and_keeps_the_quote_beside_it():
    board = QuoteBoard()
    board.update(frame((1, QUOTE, 10.0, 10.2)))
    board.update(frame((1, 0, 10.1, NAN)))
    assert (board.get(1).price, board.get(1).bid, board.get(1).ask) == (10.1, 10.0, 10.2)


def test_a_clock_row_makes_no_price_younger():
    board = QuoteBoard()
    board.update(frame((1, QUOTE, 10.0, 10.2)))
    board.update(frame((3, CLOCK, NAN, NAN), (1, CLOCK, NAN, NAN)))
    assert board.get(1).event_ns == 1_000_000 and board.get(3) is None


def test_age_counts_from_when_it_reached_us():
    board = QuoteBoard()
    board.update(frame((1, 0, 10.0, NAN)))
    assert board.get(1).age_s(1_000_500 + 2_500_000_000) == 2.5


def test_prices_come_in_the_order_asked_with_nan_for_the_unheard():
    board = QuoteBoard(capacity=2)
    board.update(frame((7, 0, 70.0, NAN), (3, 0, 30.0, NAN)))
    np.testing.assert_array_equal(board.prices(np.array([3, 4, 7, 900])), [30.0, NAN, 70.0, NAN])
    assert sorted(board.rows()["instrument"].tolist()) == [3, 7]
    board.clear()
    assert board.get(7) is None


@given(st.lists(st.tuples(st.integers(0, 40), st.sampled_from([0, QUOTE, CLOCK]), st.floats(0.01, 1e6)), max_size=60))
@settings(max_examples=80, deadline=None)
def test_frames_at_once_or_tick_by_tick_make_the_same_board(rows):
    ticks = frame(*[(number, flags, price, price + 1) for number, flags, price in rows])
    at_once, singly = QuoteBoard(capacity=1), QuoteBoard(capacity=1)
    at_once.update(ticks)
    for place in range(len(ticks)):
        singly.update(ticks[place : place + 1])
    assert [at_once.get(number) for number in range(41)] == [singly.get(number) for number in range(41)]
