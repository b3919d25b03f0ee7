"""What becomes of each row of a file."""

from __future__ import annotations

import gzip

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.domain.errors import BadData, BadInput
from apps.domain.frames import BUYER, CANDLE_OPEN, CLOCK, FROM_CANDLE, QUOTE, SELLER
from apps.domain.sessions import NSE
from apps.feeds.replay import Kind, recording_read
from tests.unit.candles.builders import ns
from tests.unit.feeds.files import CANDLES, QUOTES, write


def test_quotes_become_ticks_with_bid_and_ask(tmp_path):
    recording = recording_read(write(tmp_path, QUOTES), 7)
    ticks = recording.ticks
    assert recording.kind is Kind.QUOTES and recording.report.kept == recording.report.rows == 3
    assert ticks["price"][:3].tolist() == [1.1, 1.1001, 1.1003] and ticks["ask"][:3].tolist() == [
        1.1002,
        1.1001,
        1.1004,
    ]
    assert ticks["event_ns"][2] == ns("2024-01-01T00:00:02.000001") and set(ticks["instrument"]) == {7}
    assert ticks["flags"].tolist() == [QUOTE, QUOTE, QUOTE, CLOCK]
    assert ticks["event_ns"][-1] == ns("2024-01-02")  # the end of the last trading day


def test_trades_carry_size_and_who_took_them(tmp_path):
    text = "time,price,size,side,trade_id\n2024-01-01T00:00:00Z,5,2.5,buy,1\n2024-01-01T00:00:00Z,5,1,sell,2\n"
    ticks = recording_read(write(tmp_path, text), 1).ticks
    assert ticks["flags"][:2].tolist() == [BUYER, SELLER] and ticks["size"][:2].tolist() == [2.5, 1]
    assert np.isnan(ticks["ask"][:2]).all()


def test_a_rising_candle_goes_down_first_and_a_falling_one_up_first(tmp_path):
    recording = recording_read(write(tmp_path, CANDLES), 1)
    rows = recording.ticks
    assert recording.timeframe == 60
    assert rows["price"][[0, 1, 2, 3]].tolist() == [10, 9, 12, 11]
    assert rows["price"][[5, 6, 7, 8]].tolist() == [11, 11.5, 8, 9]
    assert rows["size"][:5].tolist() == [0, 0, 0, 100, 0]
    assert rows["flags"].tolist() == [FROM_CANDLE | CANDLE_OPEN, *[FROM_CANDLE] * 3, CLOCK] * 2 + [CLOCK]
    assert rows["event_ns"][4] == ns("2024-01-01T00:01") and (np.diff(rows["event_ns"]) >= 0).all()


def test_after_missing_candles_a_clock_comes_before_the_next_price(tmp_path):
    """So that larger candles the gap ended close before the price after it is known."""
    rows = recording_read(write(tmp_path, CANDLES + "2024-01-01T00:07:00Z,9,9,9,9,1\n"), 1, timeframe=60).ticks
    assert rows["flags"][9:12].tolist() == [CLOCK, CLOCK, FROM_CANDLE | CANDLE_OPEN]
    assert rows["event_ns"][9:12].tolist() == [ns(f"2024-01-01T00:0{m}") for m in (2, 7, 7)]


def test_candles_of_quotes_keep_their_asks(tmp_path):
    text = (
        "time,open,high,low,close,volume,ask_open,ask_high,ask_low,ask_close\n2024-01-01T00:00:00Z,1,3,1,2,0,2,4,2,3\n"
    )
    ticks = recording_read(write(tmp_path, text), 1).ticks
    assert ticks["ask"][:4].tolist() == [2, 2, 4, 3] and set(ticks["flags"][1:4]) == {QUOTE | FROM_CANDLE}


@pytest.mark.parametrize("head", ["date,open,high,low,close,volume", ",Open,High,Low,Close,Volume"])
def test_a_daily_candle_lasts_its_trading_day(tmp_path, head):
    ticks = recording_read(write(tmp_path, f"{head}\n2024-03-02,1,2,1,2,5\n"), 1, calendar=NSE).ticks
    assert ticks["event_ns"][0] == ns("2024-03-02T09:15+05:30") and ticks["event_ns"][4] == ns("2024-03-02T12:30+05:30")


def test_a_candle_that_reaches_over_its_session_is_cut_to_it(tmp_path):
    text = "time,open,high,low,close\n2024-01-01T09:00:00Z,1,2,1,2\n2024-01-02T03:00:00Z,1,2,1,2\n"
    ticks = recording_read(write(tmp_path, text), 1, calendar=NSE, timeframe=3600).ticks
    assert ticks["event_ns"][[0, 4]].tolist() == [ns("2024-01-01T09:00"), ns("2024-01-01T10:00")]
    assert ticks["event_ns"][[6, 10]].tolist() == [ns("2024-01-02T03:45"), ns("2024-01-02T04:00")]


@pytest.mark.parametrize("name", ["file.csv", "file.csv.gz", "file.parquet"])
def test_the_same_rows_from_every_container(tmp_path, name):
    path = tmp_path / name
    if name.endswith("parquet"):
        frame = pd.read_csv(write(tmp_path, QUOTES))
        frame["time"] = pd.to_datetime(frame["time"], format="ISO8601", utc=True)
        frame.to_parquet(path)
    else:
        write(tmp_path, QUOTES, name)
    expected = recording_read(write(tmp_path, QUOTES, "plain.csv"), 1)
    assert recording_read(path, 1).ticks.tobytes() == expected.ticks.tobytes()


def test_wall_times_want_their_zone(tmp_path):
    path = write(tmp_path, QUOTES.replace("Z,", ","))
    with pytest.raises(BadInput, match="say which zone"):
        recording_read(path, 1)
    ticks = recording_read(path, 1, zone="Europe/Athens").ticks
    assert ticks["event_ns"][1] == ns("2023-12-31T22:00:01")


BAD_ROWS = {
    "unparsable": "2024-01-01T00:00:03Z,abc,1.2",
    "nan": "2024-01-01T00:00:03Z,,1.2",
    "negative": "2024-01-01T00:00:03Z,-1.1,1.2",
    "crossed": "2024-01-01T00:00:03Z,1.3,1.2",
    "unsorted": "2023-01-01T00:00:03Z,1.1,1.2",
}


@pytest.mark.parametrize("kind", BAD_ROWS)
def test_a_row_that_cannot_be_true_is_dropped_and_reported_by_its_number(tmp_path, kind):
    path = write(tmp_path, QUOTES + BAD_ROWS[kind] + "\n2024-01-01T00:00:04Z,1.1,1.2\n")
    recording = recording_read(path, 1)
    report = recording.report
    assert (report.rows, report.kept, report.dropped) == (5, 4, 1)
    assert [line for line, _ in report.found[kind].first] == [5]  # the header is line 1
    assert "4 of 5 rows kept" in report.lines()[0] and "row 5" in report.lines()[1]
    assert recording.ticks["event_ns"][3] == ns("2024-01-01T00:00:04")


@pytest.mark.parametrize("kind", BAD_ROWS)
def test_a_policy_can_refuse_and_names_file_and_row(tmp_path, kind):
    path = write(tmp_path, QUOTES + BAD_ROWS[kind] + "\n")
    with pytest.raises(BadData, match=rf"file\.csv, row 5: {kind}"):
        recording_read(path, 1, policies={kind: "refuse"})


@pytest.mark.parametrize("row", ["", "2024-01-01T00:00:03Z,1.1", "2024-01-01T00:00:03Z,1.1,1.2,1.3", "not a time,1,2"])
def test_rows_that_are_no_rows_keep_their_place_in_the_count(tmp_path, row):
    path = write(tmp_path, f"{QUOTES}{row}\n2024-01-01T00:00:05Z,x,1\n")
    assert [line for line, _ in recording_read(path, 1).report.found["unparsable"].first] == [5, 6]


def test_a_file_with_quotes_around_its_fields_is_read(tmp_path):
    quoted = "\n".join(",".join(f'"{field}"' for field in line.split(",")) for line in QUOTES.splitlines())
    expected = recording_read(write(tmp_path, QUOTES), 1).ticks
    assert recording_read(write(tmp_path, quoted), 1).ticks.tobytes() == expected.tobytes()


def test_kept_rows_out_of_order_are_moved_to_their_time(tmp_path):
    path = write(tmp_path, QUOTES + BAD_ROWS["unsorted"] + "\n")
    recording = recording_read(path, 1, policies={"unsorted": "keep"})
    assert recording.ticks["event_ns"][0] == ns("2023-01-01T00:00:03") and recording.report.kept == 4


def test_one_row_from_the_future_costs_that_row_only(tmp_path):
    rows = [f"2024-01-01T00:{minute:02}:00Z,1.1,1.2" for minute in range(60)]
    rows[10] = "2031-01-01T00:00:00Z,1.1,1.2"
    report = recording_read(write(tmp_path, "time,bid,ask\n" + "\n".join(rows)), 1).report
    assert report.kept == 59 and report.found["unsorted"].first[0][0] == 12


def test_equal_trades_are_kept_and_equal_candles_are_not(tmp_path):
    trade = "2024-01-01T00:00:00Z,5,1\n"
    trades = recording_read(write(tmp_path, "time,price,size\n" + 3 * trade), 1).report
    assert (trades.kept, trades.found["duplicate"].count) == (3, 2)
    candles = recording_read(write(tmp_path, CANDLES + CANDLES.splitlines()[-1] + "\n"), 1).report
    assert (candles.kept, candles.dropped) == (2, 1)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"time,bid,ask\n", "no rows"),
        (b"a,b,c\n1,2,3\n", "a, b, c"),
        (b"time,price\n2024-01-01T00:00:00Z,3\n", "neither"),
        (b"time,bid,ask\nx,y,z\n", "no row of"),
        (gzip.compress(QUOTES.encode() * 50)[:60], "cut-off"),
        (gzip.compress(QUOTES.encode())[:-6], "cut-off"),
    ],
)
def test_files_that_are_no_recording_say_what_is_wrong(tmp_path, content, says):
    (tmp_path / "file.csv.gz").write_bytes(content)
    with pytest.raises(BadData, match=says):
        recording_read(tmp_path / "file.csv.gz", 1)


def test_a_damaged_parquet_file_says_so(tmp_path):
    (tmp_path / "file.parquet").write_bytes(b"PAR1 and nothing more")
    with pytest.raises(BadData, match="Parquet"):
        recording_read(tmp_path / "file.parquet", 1)


def test_a_missing_file_is_the_callers_mistake(tmp_path):
    with pytest.raises(BadInput, match="there is no file"):
        recording_read(tmp_path / "nothing.csv", 1)


@pytest.mark.parametrize("policies", [{"crossed": "ignore"}, {"typo": "drop"}, {"nan": "keep"}])
def test_policies_that_make_no_sense_are_refused(tmp_path, policies):
    with pytest.raises(BadInput):
        recording_read(write(tmp_path, QUOTES), 1, policies=policies)


FIELDS = st.sampled_from(["1.1", "1.2", "-3", "0", "", "nan", "inf", "x", "1e400", "2,5", '"'])
TIMES = st.one_of(
    st.integers(0, 500).map(lambda second: f"2024-01-01T00:{second // 60:02}:{second % 60:02}Z"),
    st.sampled_from(
        ["", "yesterday", "2024-13-01T00:00:00Z", "1700-01-01T00:00:00Z", "9999-01-01T00:00:00Z", "2024-01-01T00:00:00"]
    ),
)
ROWS = st.one_of(st.tuples(TIMES, FIELDS, FIELDS).map(",".join), st.sampled_from(["", "one field", ",,"]))


@settings(max_examples=150, deadline=None)
@given(rows=st.lists(ROWS, min_size=1, max_size=40), keep=st.booleans())
def test_rows_kept_and_rows_reported_are_all_rows_of_the_file(tmp_path_factory, rows, keep):
    good = "2024-01-01T00:04:00Z,1.1,1.2"
    path = write(tmp_path_factory.mktemp("rows"), "\n".join(["time,bid,ask", good, *rows]) + "\n")
    kinds = ("negative", "crossed", "unsorted")
    recording = recording_read(path, 1, policies=dict.fromkeys(kinds, "keep") if keep else {})
    report, ticks = recording.report, recording.ticks[:-1]
    assert report.rows == len(rows) + 1 == report.kept + report.dropped
    assert len(ticks) == report.kept and (np.diff(ticks["event_ns"]) >= 0).all()
    numbers = [line for finding in report.found.values() for line, _ in finding.first]
    assert all(2 <= line <= len(rows) + 2 for line in numbers)
    if not keep:
        assert (ticks["price"] > 0).all() and (ticks["ask"] >= ticks["price"]).all()
