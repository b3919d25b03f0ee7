"""What the settings name becomes the right parts."""

from __future__ import annotations

from pathlib import Path

import pytest

from apps.bus.memory import MemoryBus
from apps.domain.errors import Misconfigured
from apps.pipeline.one_only import take
from velox.wiring import System, symbol_in


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("xauusd_oanda_ticks_2014.csv.gz", "XAUUSD"),
        ("Nifty 50, January.csv", "NIFTY50"),
        ("BTC-USD.parquet", "BTCUSD"),
        ("prices.csv", None),
    ],
)
def test_a_recording_is_about_the_longest_symbol_its_name_holds(text: str, found: str | None) -> None:
    assert symbol_in(text, ["NIFTY", "NIFTY50", "XAUUSD", "BTCUSD", "US30"]) == found


@pytest.mark.django_db
def test_without_instruments_the_synthetic_market_says_what_to_do() -> None:
    with pytest.raises(Misconfigured, match="velox_demo"):
        System(bus=MemoryBus()).feeds()


@pytest.mark.django_db
def test_a_recording_of_an_unknown_instrument_says_how_to_name_it(settings, tmp_path: Path) -> None:
    settings.MARKET_DATA_FILE = str(tmp_path / "prices.csv")
    with pytest.raises(Misconfigured, match="write DATA=SYMBOL="):
        System(bus=MemoryBus()).feeds()


def test_a_folder_of_data_serves_one_process_at_a_time(tmp_path: Path) -> None:
    held = take(tmp_path)
    with pytest.raises(Misconfigured, match="already runs"):
        take(tmp_path)
    held.close()
    take(tmp_path).close()
