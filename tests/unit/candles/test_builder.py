from __future__ import annotations

import numpy as np
import pytest

from apps.domain.candles import CandleBuilder, candles_resample
from apps.domain.errors import BadData, BadInput
from apps.domain.frames import CANDLES, FROM_CANDLE, QUOTE, TICKS, decode, encode
from apps.domain.sessions import CFD_METAL, CRYPTO, FX, MCX, NSE, SHFE_GOLD, US_EQUITY
from tests.unit.candles.builders import SECOND, built, clock, ns, trades

T0 = ns("2024-01-01")


def test_a_minute_of_trades_makes_one_candle():
    ticks = trades((T0, 10), (T0 + 1, 12), (T0 + 2, 9), (T0 + 59 * SECOND, 11), (T0 + 60 * SECOND, 99), size=2)
    (first, second) = built(ticks)
    assert first.tolist() == (1, 60, T0, T0 + 60 * SECOND, T0, 10.0, 12.0, 9.0, 11.0, 8.0, 4, 4)
    assert second["open"] == 99 and second["start_ns"] == first["end_ns"]  # a tick at the end is the next one's


def test_an_empty_bucket_makes_no_candle():
    assert built(trades((T0, 1), (T0 + 300 * SECOND, 2)))["start_ns"].tolist() == [T0, T0 + 300 * SECOND]


def test_quotes_add_ticks_but_no_volume_and_recorded_candles_add_both():
    ticks = trades((T0, 1), (T0 + 1, 1), (T0 + 2, 1), size=5)
    ticks["flags"] = [0, QUOTE, QUOTE | FROM_CANDLE]
    (candle,) = built(ticks)
    assert (candle["volume"], candle["ticks"]) == (10.0, 3)


@pytest.mark.parametrize(
    ("calendar", "tick", "timeframe", "start", "end"),
    [
        (NSE, "2024-01-01T10:20+05:30", 3600, "2024-01-01T10:15+05:30", "2024-01-01T11:15+05:30"),
        (NSE, "2024-01-01T15:20+05:30", 3600, "2024-01-01T15:15+05:30", "2024-01-01T15:30+05:30"),
        (NSE, "2024-01-01T12:00+05:30", 86_400, "2024-01-01T09:15+05:30", "2024-01-01T15:30+05:30"),
        (NSE, "2024-03-02T12:00+05:30", 86_400, "2024-03-02T09:15+05:30", "2024-03-02T12:30+05:30"),
        (NSE, "2024-03-02T12:00+05:30", 1800, "2024-03-02T12:00+05:30", "2024-03-02T12:30+05:30"),
        (US_EQUITY, "2024-03-08T10:00-05:00", 14_400, "2024-03-08T09:30-05:00", "2024-03-08T13:30-05:00"),
        (US_EQUITY, "2024-03-11T10:00-04:00", 14_400, "2024-03-11T09:30-04:00", "2024-03-11T13:30-04:00"),
        (FX, "2024-03-10T18:00-04:00", 86_400, "2024-03-10T17:00-04:00", "2024-03-11T17:00-04:00"),
        (FX, "2024-11-03T18:00-05:00", 14_400, "2024-11-03T17:00-05:00", "2024-11-03T21:00-05:00"),
        (CFD_METAL, "2024-06-03T16:30-04:00", 14_400, "2024-06-03T14:00-04:00", "2024-06-03T17:00-04:00"),
        (MCX, "2024-06-03T23:00+05:30", 86_400, "2024-06-03T09:00+05:30", "2024-06-03T23:30+05:30"),
        (SHFE_GOLD, "2024-06-14T22:00+08:00", 86_400, "2024-06-14T21:00+08:00", "2024-06-17T15:00+08:00"),
    ],
)
def test_candles_begin_with_their_session_and_end_with_it(calendar, tick, timeframe, start, end):
    (candle,) = built(trades((tick, 1)), calendar=calendar, timeframes=(timeframe,))
    assert (candle["start_ns"], candle["end_ns"]) == (ns(start), ns(end))


def test_a_night_session_opens_the_next_trading_days_candle():
    """Friday night in Shanghai and Monday morning are one day; Monday night is Tuesday's."""
    ticks = trades(
        ("2024-06-14T14:00+08:00", 1),
        ("2024-06-14T21:00+08:00", 2),
        ("2024-06-17T14:59+08:00", 3),
        ("2024-06-17T21:00+08:00", 4),
    )
    days = built(ticks, calendar=SHFE_GOLD, timeframes=(86_400,))
    assert days[["open", "close", "ticks"]].tolist() == [(1, 1, 1), (2, 3, 2), (4, 4, 1)]
    assert days["session_ns"].tolist() == days["start_ns"].tolist()


def test_a_clock_closes_what_ended_by_then_and_nothing_else():
    builder = CandleBuilder({1: CRYPTO, 2: CRYPTO}, (60, 300))
    builder.add(np.concatenate([trades((T0, 1)), trades((T0, 2), instrument=2)]))
    assert len(builder.add(clock(T0 + 60 * SECOND - 1))) == 0
    assert builder.add(clock(T0 + 60 * SECOND, instrument=2))[["instrument", "timeframe"]].tolist() == [(2, 60)]
    assert builder.add(clock(T0 + 60 * SECOND))[["instrument", "timeframe"]].tolist() == [(1, 60)]
    rest = builder.add(clock(T0 + 300 * SECOND))
    assert rest[["instrument", "timeframe"]].tolist() == [(1, 300), (2, 300)] and not len(builder.forming_all())


def test_a_late_tick_is_counted_and_changes_nothing():
    builder = CandleBuilder({1: CRYPTO}, (60,))
    builder.add(trades((T0 + 61 * SECOND, 5)))
    assert len(builder.add(trades((T0 + 59 * SECOND, 1000)))) == 0
    assert builder.late == {1: 1} and builder.forming(1, 60)["high"] == 5


def test_a_tick_older_than_a_candle_a_clock_closed_cannot_reopen_it():
    builder = CandleBuilder({1: CRYPTO}, (60,))
    builder.add(trades((T0, 5)))
    builder.add(clock(T0 + 60 * SECOND))
    builder.add(trades((T0 + 59 * SECOND, 6)))
    assert builder.late == {1: 1} and builder.forming(1, 60) is None


def test_ticks_outside_the_session_are_dropped_and_counted_or_have_candles_of_their_own():
    ticks = trades(("2024-01-01T15:29+05:30", 1), ("2024-01-01T15:40+05:30", 2), ("2024-01-02T09:15+05:30", 3))
    drop = CandleBuilder({1: NSE}, (3600,))
    own = CandleBuilder({1: NSE}, (3600,), outside="own")
    assert drop.add(ticks)["close"].tolist() == [1] and drop.outside == {1: 1}
    candles = own.add(ticks)
    assert candles["close"].tolist() == [1, 2] and own.outside == {}
    assert candles["start_ns"][1] == ns("2024-01-01T10:00")  # aligned to the UTC hour


def test_broken_unknown_and_timeless_rows_are_counted_and_change_nothing():
    builder = CandleBuilder({1: CRYPTO}, (60,))
    builder.add(trades((T0, 5)))
    rows = np.concatenate([trades((T0 + 1, np.nan)), trades((T0 + 1, 9), instrument=7), trades((2**62, 9), (-5, 9))])
    assert len(builder.add(rows)) == 0
    assert (builder.broken, builder.unknown, builder.timeless) == ({1: 1}, 1, 2)
    assert builder.forming(1, 60)["high"] == 5


def test_forming_shows_every_timeframe_with_the_last_tick_in_it():
    builder = CandleBuilder({1: CRYPTO}, (60, 300))
    builder.add(trades((T0, 5), (T0 + 61 * SECOND, 7)))
    assert builder.forming(1, 60)["open"] == 7
    assert builder.forming(1, 300)[["open", "close", "volume", "ticks"]].tolist() == (5.0, 7.0, 2.0, 2)


def test_frames_read_from_the_bus_need_no_copy_of_their_own():
    ticks = decode(encode(TICKS, trades((T0, 1), (T0 + 60 * SECOND, 2))))[1]
    candles = CandleBuilder({1: CRYPTO}, (60,)).add(ticks)
    assert decode(encode(CANDLES, candles, 7))[1].tobytes() == candles.tobytes()


def test_instruments_are_added_while_it_runs():
    builder = CandleBuilder({}, (60,))
    for number in range(1, 3001):
        builder.add_instrument(number * 3, CRYPTO)
        builder.add(trades((T0 + number, number), instrument=number * 3))
    assert len(builder.forming_all()) == 3000 and builder.forming(9000, 60)["open"] == 3000
    assert builder.add(clock(T0 + 60 * SECOND))["instrument"].tolist() == [3 * n for n in range(1, 3001)]


def test_a_trading_day_is_enough_for_a_builder():
    """With one timeframe, the day itself is the base; both parts of the Saturday go into it."""
    ticks = trades(("2024-03-02T09:15+05:30", 1), ("2024-03-02T12:29+05:30", 2))
    assert built(ticks, calendar=NSE, timeframes=(86_400,))["ticks"].tolist() == [2]


def test_resampling_refuses_a_mixture():
    candles = built(trades((T0, 1), (T0 + 60 * SECOND, 2)), timeframes=(60, 300))
    with pytest.raises(BadInput, match="one instrument, in order"):
        candles_resample(candles[::-1], CRYPTO, 300)
    with pytest.raises(BadInput):
        candles_resample(candles, CRYPTO, 60)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: CandleBuilder({}, ()), "seconds"),
        (lambda: CandleBuilder({}, (90_000,)), "seconds"),
        (lambda: CandleBuilder({}, (60,), outside="guess"), "drop"),
        (lambda: CandleBuilder({0: CRYPTO}, (60,)), "instrument numbers"),
        (lambda: CandleBuilder({1: CRYPTO}, (60,)).add_instrument(1, NSE), "already follows CRYPTO"),
        (lambda: CandleBuilder({1: CRYPTO}, (60,)).forming(1, 300), "300"),
        (lambda: CandleBuilder({1: CRYPTO}, (60,)).forming(2, 60), "add it first"),
        (lambda: CandleBuilder({1: NSE}, (60,)).restore(CandleBuilder({1: CRYPTO}, (60,)).save()), "calendar CRYPTO"),
        (lambda: CandleBuilder({}, (60,)).restore(CandleBuilder({}, (300,)).save()), "other timeframes"),
    ],
)
def test_wrong_use_is_told_what_to_do(call, says):
    with pytest.raises(BadInput, match=says):
        call()


@pytest.mark.parametrize("damage", [lambda b: b"", lambda b: b"XXXX" + b[4:], lambda b: b[:-8]])
def test_damaged_state_is_refused(damage):
    builder = CandleBuilder({1: CRYPTO}, (60,))
    with pytest.raises(BadData):
        builder.restore(damage(builder.save()))
