"""Backtests whose every trade is known from another engine (backtesting.py 0.6.6), reproduced to the last digit."""

from __future__ import annotations

import csv
import json
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

KNOWN = {
    "goog_smacross": ("sma_cross", "backtest/goog_daily_2004_2013.csv.gz", "1d", "10000", "percent:0.002"),
    "us30_m15_smacross": ("sma_cross", "cfd/us30_mt5_m15_utc.csv.gz", "15m", "1000000", "none"),
    "us30_m15_rsi": ("rsi_reversion", "cfd/us30_mt5_m15_utc.csv.gz", "15m", "1000000", "none"),
    "nifty_m5_rsi": ("rsi_reversion", "india/nifty_index_m1_2024_01_04.csv.gz", "5m", "1000000", "none"),
}


def backtest(strategy: str, data: Path, out: Path, **options: Any) -> tuple[dict[str, Any], str]:
    text = StringIO()
    call_command("velox_backtest", strategy, data=str(data), json=str(out), stdout=text, **options)
    return json.loads(out.read_text()), text.getvalue()


@pytest.mark.django_db
@pytest.mark.parametrize("name", KNOWN)
def test_every_trade_is_the_known_one(name: str, data_dir: Path, tmp_path: Path) -> None:
    strategy, file, timeframe, cash, costs = KNOWN[name]
    # The answers were made without trading hours and close what is open at the last candle's open.
    result, _ = backtest(
        strategy, data_dir / file, tmp_path / "out.json",
        timeframe=timeframe, cash=cash, costs=costs, calendar="CRYPTO", finish="open",
    )  # fmt: skip
    with (data_dir / "backtest" / f"{name}_trades.csv").open() as rows:
        known = [(row["Size"], row["EntryPrice"], row["ExitPrice"], row["PnL"]) for row in csv.DictReader(rows)]
    ours = [(t["qty"], t["entry_price"], t["exit_price"], t["pnl"]) for t in result["trades"]]
    assert [tuple(map(Decimal, row[:3])) for row in ours] == [tuple(map(Decimal, row[:3])) for row in known]
    assert [float(row[3]) for row in ours] == pytest.approx([float(row[3]) for row in known], abs=1e-6)


@pytest.mark.django_db
@pytest.mark.parametrize("name", KNOWN)
def test_the_statistics_are_the_known_ones(name: str, data_dir: Path, tmp_path: Path) -> None:
    strategy, file, timeframe, cash, costs = KNOWN[name]
    result, _ = backtest(
        strategy, data_dir / file, tmp_path / "out.json",
        timeframe=timeframe, cash=cash, costs=costs, calendar="CRYPTO", finish="open",
    )  # fmt: skip
    known = json.loads((data_dir / "expected" / "backtests.json").read_text())[name]["stats"]
    ours = {stat["name"]: stat["value"] for stat in result["statistics"]}
    for label, stat in {
        "Equity Final [$]": "equity_final", "# Trades": "trades", "Win Rate [%]": "win_rate_pct",
        "Best Trade [%]": "best_trade_pct", "Worst Trade [%]": "worst_trade_pct", "Profit Factor": "profit_factor",
    }.items():  # fmt: skip
        assert ours[stat] == pytest.approx(float(known[label]), rel=1e-6), label


@pytest.mark.django_db
def test_payrolls_ticks_go_through_the_engine(data_dir: Path, tmp_path: Path) -> None:
    """274,904 ticks of 2 May 2014, session trend continuation, trading hours honoured."""
    result, text = backtest(
        "session_trend", data_dir / "cfd/xauusd_oanda_ticks_20140502_04.csv.gz", tmp_path / "out.json",
        calendar="CFD_METAL", param=["trend_timeframe=15m"],
    )  # fmt: skip
    assert result["counts"]["ticks"] == 274_904 + 1  # the clock row that closes the last candle
    assert result["counts"]["candles"] == 276
    assert result["counts"]["trades"] > 0
    for trade in result["trades"]:  # flat at the end of the New York session, 16:00 there
        assert trade["exit_at"] <= "2014-05-02T20:00:01Z"
    assert "274,904 of 274,904 rows kept" in text


@pytest.mark.django_db
def test_two_months_of_the_dow_are_traded_in_new_york_hours_only(data_dir: Path, tmp_path: Path) -> None:
    """US30, 11,998 candles of five minutes, over two months with early closes and recorder outages."""
    result, _ = backtest(
        "session_trend", data_dir / "cfd/us30_mt5_m5_utc.csv.gz", tmp_path / "out.json",
        calendar="CFD_INDEX", timeframe="5m", risk="safe", limit_fill="crossed", slippage=5,
    )  # fmt: skip
    assert result["counts"]["candles"] >= 11_990  # the recorder wrote a few on holidays, when the venue is closed
    assert result["counts"]["trades"] > 20
    early = {"2026-05-25", "2026-06-19", "2026-07-03"}  # the dealer closed hours before New York: out at the next open
    usual = [trade for trade in result["trades"] if trade["entry_at"][:10] not in early]
    for trade in usual:
        for at in (trade["entry_at"], trade["exit_at"]):
            assert "13:30" <= at[11:16] <= "20:05", trade  # summer time: 09:30 to 16:00 in New York, and the next tick
        assert trade["entry_at"][:10] == trade["exit_at"][:10]


@pytest.mark.django_db
def test_crossed_quotes_are_reported_and_survived(data_dir: Path, tmp_path: Path) -> None:
    result, text = backtest(
        "ema_cross", data_dir / "forex/eurusd_fxcm_ticks_20140502_04.csv.gz", tmp_path / "out.json", calendar="FX"
    )
    assert "12,235" in text
    assert result["counts"]["ticks"] == 104_431 - 12_235 + 1


@pytest.mark.django_db
def test_nifty_opening_hours_leave_the_stale_candles_of_a_saturday_out(data_dir: Path, tmp_path: Path) -> None:
    result, text = backtest(
        "ema_cross", data_dir / "india/nifty_index_m1_2024_01_04.csv.gz", tmp_path / "out.json",
        calendar="NSE", timeframe="5m", risk="safe", sizing="units:1",
    )  # fmt: skip
    assert result["counts"]["ticks_outside_sessions"] > 0
    assert "outside the venue's sessions" in text


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"strategy": "nonsense"}, "there is no strategy 'nonsense'"),
        ({"param": ["fast=1000"]}, "fast must lie between 2 and 400"),
        ({"param": ["fast=60"]}, "must be smaller than slow"),
        ({"param": ["speed=3"]}, "has no parameter 'speed'"),
        ({"timeframe": "7m"}, "no timeframe is called '7m'"),
        ({"cash": "nan"}, "--cash must be more than nothing"),
        ({"instrument": "NOPE"}, "there is no instrument NOPE"),
        ({"data": "missing.csv"}, "missing.csv"),
    ],
)
def test_bad_options_are_refused_with_what_to_do(options: dict[str, Any], says: str, tmp_path: Path) -> None:
    data = tmp_path / "few.csv"
    data.write_text("time,price,size\n" + "".join(f"2024-01-02T00:{m:02d}:00Z,100.{m},1\n" for m in range(60)))
    arguments = {"strategy": "ema_cross", "data": str(data), **options}
    strategy = arguments.pop("strategy")
    with pytest.raises(CommandError, match=says.replace("(", r"\(")):
        call_command("velox_backtest", strategy, **arguments)
