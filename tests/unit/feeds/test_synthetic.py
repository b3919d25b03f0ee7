from __future__ import annotations

from itertools import islice

import numpy as np
import pytest

from apps.domain.candles import CandleBuilder
from apps.domain.errors import BadInput
from apps.domain.frames import BUYER, CLOCK, QUOTE, SELLER
from apps.domain.ports import FeedPort
from apps.domain.sessions import NSE, US_EQUITY
from apps.feeds.open import feed_open
from apps.feeds.synthetic import MARKETS, SyntheticFeed, markets
from tests.unit.candles.builders import ns
from tests.unit.feeds.test_replay_pace import Hours

HOUR = 3600 * 10**9
START = ns("2026-03-04T08:05:30")  # a Wednesday with every venue but the American exchange open
OPEN = tuple(symbol for symbol, spec in MARKETS.items() if spec.calendar is not US_EQUITY)


def feed(seed=1, start=START, hours=1.0, symbols=OPEN, **options):
    chosen = dict(enumerate(markets(symbols), 1))
    return SyntheticFeed(chosen, seed=seed, start_ns=start, until_ns=start + int(hours * HOUR), speed=0, **options)


def ticks_of(feed):
    return np.concatenate(list(feed.frames()))


@pytest.fixture(scope="module")
def hour():
    return ticks_of(feed())


def test_a_seed_is_a_market(hour):
    assert ticks_of(feed()).tobytes() == hour.tobytes()
    assert ticks_of(feed(seed=2)).tobytes() != hour.tobytes()


def test_starting_later_shows_the_same_market(hour):
    later = START + HOUR // 3
    expected = hour[hour["event_ns"] >= later]
    assert ticks_of(feed(start=later, hours=2 / 3)).tobytes() == expected.tobytes()


def test_ticks_come_in_order_and_end_with_a_clock_for_everybody(hour):
    assert (np.diff(hour["event_ns"]) >= 0).all()
    assert hour[["instrument", "flags", "event_ns"]][-1].tolist() == (0, CLOCK, START + HOUR)


@pytest.mark.parametrize("spec", MARKETS.values(), ids=list(MARKETS))
def test_ticks_look_like_the_venue_sent_them(spec):
    begin = START if spec.calendar.is_open(START) else spec.calendar.next_open(START)
    ticks = ticks_of(feed(start=begin, symbols=(spec.symbol,)))
    ticks = ticks[ticks["flags"] != CLOCK]
    steps = ticks["price"] * 10**spec.decimals / spec.step
    assert len(ticks) > 1000
    assert np.abs(steps - np.rint(steps)).max() < 1e-6  # on the price grid
    assert all(len(repr(float(price)).split(".")[1]) <= spec.decimals for price in ticks["price"][:200])
    assert (ticks["size"] >= spec.lot).all()
    assert 0.5 * spec.price < ticks["price"].mean() < 2 * spec.price
    if spec.quoted:
        assert (
            set(ticks["flags"]) == {QUOTE} and (ticks["ask"] > ticks["price"]).all() and (ticks["ask_size"] > 0).all()
        )
    else:
        assert set(ticks["flags"]) == {BUYER, SELLER} and np.isnan(ticks["ask"]).all()


@pytest.mark.parametrize("symbol", MARKETS)
def test_no_tick_falls_outside_its_venues_sessions(symbol):
    """A whole week with its weekend, night and breaks."""
    week = feed(symbols=(symbol,), start=ns("2026-03-09"), hours=0.001)
    week.start_ns = ns("2026-03-09")
    builder = CandleBuilder({1: MARKETS[symbol].calendar}, (60,))
    for ticks in week.history(7, rate=0.05):
        builder.add(ticks)
    assert builder.outside == builder.late == {}


def test_history_leads_up_to_the_live_ticks():
    """The last price of the past and the first of the present are neighbours."""
    live = feed(hours=0.1)
    past, now = np.concatenate(list(live.history(3))), ticks_of(live)
    assert past["event_ns"].max() < START <= now["event_ns"].min()
    assert past["event_ns"].min() >= START - 3 * 24 * HOUR - 60 * 10**9
    for number, spec in live.markets.items():
        before, after = past[past["instrument"] == number]["price"][-1], now[now["instrument"] == number]["price"][0]
        assert abs(after / before - 1) < 0.004, spec.symbol


def test_minutes_of_history_close_where_the_live_minutes_did():
    """Ticks are drawn between fixed minutes: thick or thin, a minute's last mid price is the same."""
    live = feed(symbols=("EURUSD",), start=ns("2026-03-04T08:00"), hours=1)
    later = feed(symbols=("EURUSD",), start=ns("2026-03-04T09:00"))
    closes = []
    for ticks in (ticks_of(live)[:-1], np.concatenate(list(later.history(1 / 24)))):
        last = np.flatnonzero(np.diff(ticks["event_ns"] // (60 * 10**9), append=0))
        closes.append(((ticks["price"] + ticks["ask"]) / 2)[last])
    assert len(closes[0]) == len(closes[1]) == 60
    assert np.abs(closes[0] - closes[1]).max() < 1.5e-5  # a step of the grid


def minute_moves(symbol, days=25):
    """Per-minute log moves within sessions, and their minute of the UTC day."""
    past = feed(symbols=(symbol,), start=ns("2026-05-01"))
    minute = np.concatenate(list(past.history(days, rate=0.02)))
    last = np.flatnonzero(np.diff(minute["event_ns"] // (60 * 10**9), append=0))
    times, prices = minute["event_ns"][last] // (60 * 10**9), np.log(minute["price"][last])
    near = np.diff(times) == 1
    return np.diff(prices)[near], times[1:][near] % 1440


def test_volatility_clusters_and_has_fat_tails():
    moves, _ = minute_moves("BTC-USD")
    size = np.abs(moves)
    assert np.corrcoef(size[1:], size[:-1])[0, 1] > 0.1
    assert np.corrcoef(size[30:], size[:-30])[0, 1] > 0.03
    assert np.mean((moves - moves.mean()) ** 4) / moves.var() ** 2 > 5  # a normal law has 3


def test_new_york_is_livelier_than_the_asian_night():
    moves, minute = minute_moves("US30")
    new_york, night = (minute >= 13 * 60 + 30) & (minute < 20 * 60), minute < 6 * 60
    assert np.abs(moves[new_york]).mean() > 1.5 * np.abs(moves[night]).mean()


def test_volume_and_volatility_are_highest_at_the_indian_open():
    moves, minute = minute_moves("RELIANCE")
    opening, noon = minute < 3 * 60 + 45 + 20, (minute > 6 * 60) & (minute < 8 * 60)
    assert np.abs(moves[opening]).mean() > 1.3 * np.abs(moves[noon]).mean()


def test_spreads_widen_with_volatility():
    ticks = ticks_of(feed(symbols=("US30",), start=ns("2026-03-04T13:00"), hours=2))[:-1]
    minute = ticks["event_ns"] // (60 * 10**9)
    spread = [float(np.mean((ticks["ask"] - ticks["price"])[minute == m])) for m in np.unique(minute)]
    ranges = [float(np.ptp(ticks["price"][minute == m])) for m in np.unique(minute)]
    assert np.corrcoef(spread, ranges)[0, 1] > 0.5


def test_live_ticks_keep_the_wall_clocks_pace():
    clock = Hours(START)
    live = SyntheticFeed({1: MARKETS["XAUUSD"]}, speed=1, clock=clock, wait=clock.wait)
    ticks = np.concatenate(list(islice(live.frames(), 400)))
    assert (np.abs(ticks["seen_ns"] - ticks["event_ns"]) <= 1_001_000).all()
    rate = len(ticks) / ((ticks["event_ns"][-1] - ticks["event_ns"][0]) / 1e9)
    assert 2 < rate < 20


def test_it_is_always_labelled():
    made: FeedPort = feed_open("synthetic", dict(enumerate(markets(("NIFTY",)), 1)), seed=3)
    assert made.kind == "synthetic" and "synthetic" in made.name and "NIFTY" in made.name


def test_markets_can_be_shown_around_the_clock():
    assert MARKETS["NIFTY"].calendar is NSE
    night = dict(enumerate(markets(("NIFTY",), around_the_clock=True), 1))
    saturday = ns("2026-03-07T20:00")
    made = SyntheticFeed(night, start_ns=saturday, until_ns=saturday + HOUR // 60, speed=0)
    assert len(ticks_of(made)) > 20


@pytest.mark.parametrize("call", [lambda: SyntheticFeed({}), lambda: markets(("GOLD",)), lambda: feed(seed=-1)])
def test_nonsense_is_refused(call):
    with pytest.raises(BadInput):
        call()
