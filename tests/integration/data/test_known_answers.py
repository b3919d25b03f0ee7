"""Candles and rows of recorded data against answers computed apart from this code.

The answers count buckets from the UTC epoch, which is what a venue that never closes gives.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time

import numpy as np
import pytest

from apps.domain.candles import CandleBuilder, candles_resample
from apps.domain.frames import CandleArray
from apps.domain.messages import utc
from apps.domain.sessions import CFD_INDEX, CRYPTO, NSE, US_EQUITY, Calendar, Part
from apps.feeds.replay import recording_read, replay_frames
from tests.integration.data.recorded import ROOT, answers, needs_data
from tests.unit.candles.builders import ns

pytestmark = needs_data

BARS = answers("bars_and_ticks.json")
TIMEFRAMES = {
    "bars_1min": 60,
    "bars_5min": 300,
    "bars_1h": 3600,
    "resample_5min": 300,
    "resample_15min": 900,
    "resample_1h": 3600,
    "resample_1d_utc": 86_400,
}
KEEP_ALL = {"crossed": "keep"}


def candles_of(name: str, *timeframes: int, calendar: Calendar = CRYPTO, outside: str = "drop") -> CandleArray:
    builder = CandleBuilder({1: calendar}, timeframes, outside=outside)
    frames = replay_frames(ROOT / name, 1, policies=KEEP_ALL, calendar=calendar)
    return np.concatenate([builder.add(frame) for frame in frames])


def assert_is(candle: np.void, answer: dict[str, float], *, ticks: bool = False) -> None:
    assert [candle[name] for name in ("open", "high", "low", "close")] == [
        answer[name] for name in ("open", "high", "low", "close")
    ]
    assert candle["ticks" if ticks else "volume"] == pytest.approx(answer["volume"], rel=1e-12)


@pytest.mark.parametrize("name", BARS)
def test_candles_of_every_recording_and_timeframe(name):
    candles = candles_of(name, 60, 300, 900, 3600, 86_400)
    for key, timeframe in TIMEFRAMES.items():
        answer = BARS[name].get(key)
        if answer is None:
            continue
        mine = candles[candles["timeframe"] == timeframe]
        assert len(mine) == answer["count"], key
        for sample in answer["sample"]:
            (candle,) = mine[mine["start_ns"] == ns(sample["time"])]
            assert_is(candle, sample, ticks=answer.get("volume_is") == "tick count")


@pytest.mark.parametrize("name", BARS)
def test_every_row_is_kept_or_reported(name):
    recording = recording_read(ROOT / name, 1)
    report, answer = recording.report, BARS[name]
    assert report.rows == answer["rows"] == report.kept + report.dropped
    assert recording.timeframe in (0, answer.get("step_seconds", 86_400))
    found = {kind: finding.count for kind, finding in report.found.items()}
    assert found.get("crossed", 0) == answer.get("spread", {}).get("negative", 0)
    assert found.get("duplicate", 0) == answer.get("exact_duplicate_rows", 0)
    assert found.get("ohlc", 0) == answer.get("ohlc_violations", 0)


@pytest.mark.parametrize(
    ("ticks", "minutes", "count"),
    [
        ("cfd/xauusd_oanda_ticks_20140502_04.csv.gz", "cfd/xauusd_oanda_m1_20140501_15.csv.gz", 1377),
        ("forex/eurusd_oanda_ticks_20140501_04.csv.gz", "forex/eurusd_oanda_m1_20140501_15.csv.gz", 2742),
        ("crypto/btcusd_coinbase_s1_20161007_09.csv.gz", "crypto/btcusd_coinbase_m1_20161007_09.csv.gz", 4216),
    ],
)
def test_minutes_from_finer_data_are_the_vendors_own(ticks, minutes, count):
    names = ["start_ns", "open", "high", "low", "close"]
    ours, theirs = candles_of(ticks, 60), candles_of(minutes, 60)
    theirs = theirs[np.isin(theirs["start_ns"], ours["start_ns"])]
    assert len(ours) == count and ours[names].tolist() == theirs[names].tolist()
    assert ours["volume"] == pytest.approx(theirs["volume"], rel=1e-12)


@pytest.mark.parametrize(
    ("fine", "coarse", "timeframe", "common"),
    [
        ("cfd/us30_mt5_m5_utc.csv.gz", "cfd/us30_mt5_m15_utc.csv.gz", 900, 4001),
        ("cfd/xauusd_mt5_m1_utc.csv.gz", "cfd/xauusd_mt5_m5_utc.csv.gz", 300, 400),
    ],
)
def test_candles_of_candles_are_the_vendors_own(fine, coarse, timeframe, common):
    ours, theirs = candles_of(fine, timeframe), candles_of(coarse, timeframe)
    both = np.intersect1d(ours["start_ns"], theirs["start_ns"])
    if fine.startswith("cfd/us30"):
        both = both[1:]  # the finer file starts inside this candle
    names = ["start_ns", "open", "high", "low", "close", "volume"]
    mine, vendors = (candles[np.isin(candles["start_ns"], both)][names] for candles in (ours, theirs))
    assert len(both) == common and mine.tolist() == vendors.tolist()


def test_trades_printed_out_of_sequence_are_all_real():
    """88,172 prints, 9,346 of them equal to another: none is dropped."""
    name = "us_equity/bac_trade_ticks_20131007.csv.gz"
    candles = candles_of(name, 60)
    assert len(candles) == 595 and candles["ticks"].sum() == recording_read(ROOT / name, 1).report.kept == 88_172
    assert candles["volume"].sum() == 64_411_712


def test_the_crossed_quotes_are_reported_by_row_and_survived():
    recording = recording_read(ROOT / "forex/eurusd_fxcm_ticks_20140502_04.csv.gz", 1)
    crossed = recording.report.found["crossed"]
    assert (crossed.count, crossed.first[0][0]) == (12_235, 19)  # row 19 of the file, its header is row 1
    assert len(recording.ticks) == 104_431 - 12_235 + 1  # and the last clock
    assert not (recording.ticks["ask"] < recording.ticks["price"]).any()


NIFTY = "india/nifty_index_m1_2024_01_04.csv.gz"


def test_opening_hours_leave_out_the_stale_candles_after_the_close():
    """20 January 2024: 167 flat minutes from 15:30 to 18:16, four rows each."""
    builder = CandleBuilder({1: NSE}, (60,))
    candles = np.concatenate([builder.add(frame) for frame in replay_frames(ROOT / NIFTY, 1, calendar=NSE)])
    assert len(candles) == BARS[NIFTY]["bars_inside_session"] == 29_355
    assert builder.outside == {1: 4 * BARS[NIFTY]["bars_outside_session"]}


def test_indian_hours_start_at_quarter_past():
    """The answer counts hours from 09:15 whatever the session, stale minutes included; by the calendar three
    stale hours go, and the Saturday's second part has one hour of its own instead of two."""
    answer = BARS[NIFTY]["resample_1h_anchored_0915_IST"]
    all_day = (Part(time(9, 15), time(9, 15), close_day=1),)
    by_clock = candles_of(NIFTY, 3600, calendar=Calendar("FROM_0915", "Asia/Kolkata", dict.fromkeys(range(7), all_day)))
    by_calendar = candles_of(NIFTY, 3600, calendar=NSE)
    assert len(by_clock) == answer["count"] and len(by_calendar) == answer["count"] - 3 - 1
    for sample in answer["sample"]:
        for candles in (by_clock, by_calendar):
            (candle,) = candles[candles["start_ns"] == ns(sample["time"])]
            assert_is(candle, sample)
    assert {utc(int(at)).minute for at in by_calendar["start_ns"]} == {45, 0}  # :15 in India; 11:30 that Saturday


@pytest.mark.parametrize("name", [name for name in BARS if "daily_local_session" in BARS[name]])
def test_a_day_candle_is_the_trading_day(name):
    """The answers know no half days: 24 December 2015 counts until 16:00 there."""
    calendar = NSE if name.startswith("india") else replace(US_EQUITY, special={})
    days, answer = candles_of(name, 86_400, calendar=calendar), BARS[name]["daily_local_session"]
    expected = answer if "count" not in answer else answer["first"] | answer["last"]
    assert len(days) == answer.get("count", len(answer))
    dates = [calendar.session_at(int(day["start_ns"])).trading_day.isoformat() for day in days]
    for date_of, prices in expected.items():
        assert_is(days[dates.index(date_of)], prices)


def test_a_half_day_ends_at_one():
    """On 24 December 2015 the market closed at 13:00; later prints exist and are left out."""
    name = "us_equity/goog_m1_20151223_28.csv.gz"
    days = candles_of(name, 86_400, calendar=US_EQUITY)
    assert days["end_ns"][1] == ns("2015-12-24T13:00-05:00")
    assert days["volume"][1] < BARS[name]["daily_local_session"]["2015-12-24"]["volume"]


def test_the_calendar_knows_every_day_the_index_traded():
    """Three trading days are missing in the file; the calendar has them and no other that the file has not."""
    minutes = candles_of(NIFTY, 60)
    traded = {NSE.session_at(int(at)).trading_day for at in minutes["start_ns"] if NSE.is_open(int(at))}
    days = [date.fromordinal(n) for n in range(date(2024, 1, 1).toordinal(), date(2024, 5, 1).toordinal())]
    assert {day for day in days if NSE.parts(day)} - traded == {date(2024, 2, 1), date(2024, 3, 4), date(2024, 4, 5)}
    assert not traded - set(days)


def test_the_index_cfd_trades_inside_its_calendar():
    """The dealer has shut early on some days; nothing trades outside the sessions."""
    builder = CandleBuilder({1: CFD_INDEX}, (300,))
    candles = [
        builder.add(frame) for frame in replay_frames(ROOT / "cfd/us30_mt5_m5_utc.csv.gz", 1, calendar=CFD_INDEX)
    ]
    assert sum(map(len, candles)) == 11_998 and builder.outside == {}


def test_resampled_minutes_equal_the_builders_own():
    candles = candles_of(NIFTY, 60, 300, 3600, 86_400, calendar=NSE)
    for timeframe in (300, 3600, 86_400):
        direct = candles[candles["timeframe"] == timeframe]
        resampled = candles_resample(candles[candles["timeframe"] == 60], NSE, timeframe)
        for name in ("start_ns", "end_ns", "open", "high", "low", "close", "volume", "ticks"):
            assert resampled[name].tolist() == direct[name].tolist()
