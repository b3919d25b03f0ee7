"""Candles come back from the table as the arrays they went in as."""

import numpy as np
import pytest
from django.db import IntegrityError, transaction

from apps.domain.frames import CANDLE
from apps.domain.messages import utc
from apps.marketdata.models import StoredCandle
from apps.marketdata.selectors import candles_load
from apps.marketdata.services import candles_store
from tests import builders

pytestmark = pytest.mark.django_db

MINUTE_NS = 60_000_000_000
START_NS = 1_704_080_700_000_000_000  # 2024-01-01 03:45 UTC


def candles(count: int, instrument: int = 1, timeframe: int = 60, seed: int = 1):
    random = np.random.default_rng(seed)
    made = np.zeros(count, CANDLE)
    made["instrument"], made["timeframe"] = instrument, timeframe
    made["start_ns"] = START_NS + np.arange(count) * timeframe * 1_000_000_000
    made["end_ns"] = made["start_ns"] + timeframe * 1_000_000_000
    made["session_ns"] = START_NS
    body = np.sort(random.uniform(1, 1e5, (count, 4)), axis=1)
    made["low"], made["open"], made["close"], made["high"] = body.T
    made["volume"], made["ticks"] = random.uniform(0, 1e9, count), random.integers(1, 10**6, count)
    return made


@pytest.fixture(autouse=True)
def instruments():
    return [builders.instrument(number) for number in (1, 2)]


def test_what_is_stored_comes_back_to_the_last_bit():
    given = candles(500)
    assert candles_store(given) == 500
    np.testing.assert_array_equal(candles_load(instrument=1, timeframe=60), given)


def test_django_reads_the_same_instants():
    candles_store(candles(1))
    row = StoredCandle.objects.get()
    assert (row.start_at, row.end_at, row.session_at) == (utc(START_NS), utc(START_NS + MINUTE_NS), utc(START_NS))
    assert StoredCandle.objects.filter(start_at=utc(START_NS)).exists()


def test_storing_again_changes_nothing_and_a_correction_overwrites():
    given = candles(100)
    candles_store(given)
    candles_store(given)
    assert StoredCandle.objects.count() == 100
    given["close"][7] = 5.5
    candles_store(given[7:8])
    np.testing.assert_array_equal(candles_load(instrument=1, timeframe=60), given)


def test_the_newest_are_loaded_oldest_first_and_before_is_exclusive():
    given = candles(50)
    candles_store(given)
    np.testing.assert_array_equal(candles_load(instrument=1, timeframe=60, limit=10), given[-10:])
    before = candles_load(instrument=1, timeframe=60, limit=10, before_ns=int(given["start_ns"][20]))
    np.testing.assert_array_equal(before, given[10:20])


def test_instruments_and_timeframes_are_kept_apart():
    one, two, slow = candles(5), candles(5, instrument=2, seed=2), candles(5, timeframe=300, seed=3)
    candles_store(np.concatenate((one, two, slow)))
    np.testing.assert_array_equal(candles_load(instrument=2, timeframe=60), two)
    np.testing.assert_array_equal(candles_load(instrument=1, timeframe=300), slow)


def test_nothing_stored_is_an_empty_array():
    assert candles_store(candles(0)) == 0
    assert candles_load(instrument=1, timeframe=60).dtype == CANDLE


@pytest.mark.django_db(transaction=True)
def test_an_instrument_nobody_knows_is_refused_whole():
    with pytest.raises(IntegrityError), transaction.atomic():
        candles_store(np.concatenate((candles(2), candles(2, instrument=77))))
    assert not StoredCandle.objects.exists()
