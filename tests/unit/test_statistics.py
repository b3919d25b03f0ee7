"""Statistics against backtesting.py: its stored answers on recorded trades, and its own code on random curves."""

import csv
import gzip
import json
import os
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from apps.domain.messages import Fill, Instrument, Side, to_ns
from apps.domain.statistics import DAY_NS, Curve, equity_curve, round_trips, statistics

D = Decimal

DATA = Path(os.environ.get("VELOX_DATA", Path(__file__).parents[2] / "../shared/data"))
UNIT = Instrument(1, "X", "ALWAYS", "USD", D("0.01"))


def stamp(text: str) -> int:
    return to_ns(datetime.fromisoformat(text[:19]).replace(tzinfo=UTC))


def candles(name: str) -> tuple[np.ndarray, np.ndarray]:
    with gzip.open(DATA / name, "rt") as file:
        rows = list(csv.DictReader(file))
    time, close = ("time", "close") if "time" in rows[0] else (next(iter(rows[0])), "Close")
    return np.array([stamp(row[time]) for row in rows]), np.array([float(row[close]) for row in rows])


def fills_of(trades: list[dict[str, str]], commission: D) -> list[Fill]:
    """The fills behind the peer's trades: one out and one in per trade, in the order they happened."""
    made = []
    for n, trade in enumerate(trades):
        size = D(trade["Size"])
        for place, edge, direction in ((2 * n, "Entry", size), (2 * n + 1, "Exit", -size)):
            price, at_ns = D(trade[f"{edge}Price"]), stamp(trade[f"{edge}Time"])
            side = Side.BUY if direction > 0 else Side.SELL
            fee = commission * abs(size) * price
            made.append(Fill(f"f{place}", "o", 1, 1, side, abs(size), price, fee, "USD", at_ns))
    return made


RUNS = [
    ("goog_smacross", "backtest/goog_daily_2004_2013.csv.gz", 10_000, "0.002", 19),
    ("us30_m15_smacross", "cfd/us30_mt5_m15_utc.csv.gz", 1_000_000, "0", 19),
    ("us30_m15_rsi", "cfd/us30_mt5_m15_utc.csv.gz", 1_000_000, "0", 14),
]


@pytest.mark.parametrize(("run", "file", "cash", "commission", "warmup"), RUNS)
def test_the_numbers_of_recorded_backtests_come_out_again(run, file, cash, commission, warmup):
    if not (DATA / file).exists():
        pytest.skip(f"no recorded data at {DATA}")
    expected = json.loads((DATA / "expected/backtests.json").read_text())[run]["stats"]
    with (DATA / f"backtest/{run}_trades.csv").open() as text:
        trades = list(csv.DictReader(text))
    fills = fills_of(trades, D(commission))
    trips = round_trips(fills, {1: UNIT})
    assert [float(trip.pnl) for trip in trips] == pytest.approx([float(trade["PnL"]) for trade in trades])
    start, close = candles(file)
    curve = equity_curve(fills, start, close, cash, UNIT)
    ours = {stat.name: stat.value for stat in statistics(trips, curve, float(sum(f.fee for f in fills)), warmup)}
    pairs = {
        "trades": "# Trades",
        "equity_final": "Equity Final [$]",
        "equity_peak": "Equity Peak [$]",
        "return_pct": "Return [%]",
        "buy_hold_return_pct": "Buy & Hold Return [%]",
        "max_drawdown_pct": "Max. Drawdown [%]",
        "win_rate_pct": "Win Rate [%]",
        "profit_factor": "Profit Factor",
        "exposure_pct": "Exposure Time [%]",
        "best_trade_pct": "Best Trade [%]",
        "worst_trade_pct": "Worst Trade [%]",
    }
    assert {peer: ours[name] for name, peer in pairs.items()} == pytest.approx(
        {peer: expected[peer] for peer in pairs.values()}, rel=1e-7
    )
    assert ours["fees"] == pytest.approx(expected.get("Commissions [$]", 0))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("hours", [1, 24])
def test_risk_numbers_are_those_of_backtesting_py_on_the_same_curve(seed, hours):
    peer = pytest.importorskip("backtesting._stats")
    pandas = pytest.importorskip("pandas")
    random = np.random.default_rng(seed)
    index = pandas.date_range("2024-01-01", periods=600, freq=f"{hours}h")
    if seed % 2:
        index = index[index.dayofweek < 5]
    equity = 10_000 * np.exp(np.cumsum(random.normal(0.0003, 0.01, len(index))))
    close = 50 * np.exp(np.cumsum(random.normal(0, 0.01, len(index))))
    empty = pandas.DataFrame({name: [] for name in ("PnL", "ReturnPct", "EntryBar", "ExitBar")})
    empty["Duration"] = pandas.to_timedelta([])
    empty = empty.astype({"EntryBar": int, "ExitBar": int})
    theirs = peer.compute_stats(empty, equity, pandas.DataFrame({"Close": close}, index=index), None)
    curve = Curve(index.as_unit("ns").asi8, equity, close)
    ours = {stat.name: stat.value for stat in statistics([], curve)}
    pairs = {
        "cagr_pct": "CAGR [%]",
        "annual_return_pct": "Return (Ann.) [%]",
        "volatility_pct": "Volatility (Ann.) [%]",
        "sharpe": "Sharpe Ratio",
        "sortino": "Sortino Ratio",
        "calmar": "Calmar Ratio",
        "max_drawdown_pct": "Max. Drawdown [%]",
        "exposure_pct": "Exposure Time [%]",
    }
    assert {peer: ours[name] for name, peer in pairs.items()} == pytest.approx({p: theirs[p] for p in pairs.values()})
    assert ours["max_drawdown_days"] == pytest.approx(theirs["Max. Drawdown Duration"].total_seconds() / 86400)


def test_every_number_says_where_it_comes_from():
    curve = Curve(np.arange(3) * DAY_NS, np.array([1.0, 2, 3]), np.array([1.0, 2, 3]))
    stats = statistics([], curve)
    assert len({stat.name for stat in stats}) == len(stats)
    assert all(len(stat.definition) > 15 and stat.unit in ("%", "money", "days", "") for stat in stats)


def test_a_run_without_candles_has_no_statistics():
    nothing = np.array([])
    with pytest.raises(ValueError, match="without candles"):
        statistics([], Curve(nothing.astype(np.int64), nothing, nothing))
