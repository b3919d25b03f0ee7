"""Which instrument a recording is of: one from the table, or a plain one made from the file's own prices."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
from django.db import DatabaseError

from apps.domain.errors import NotFound
from apps.domain.frames import CLOCK, TickArray
from apps.domain.messages import Instrument
from apps.instruments.models import Instrument as InstrumentRow
from apps.instruments.selectors import instrument_by_symbol

SAMPLE = 2000
PLAIN_CALENDAR = "CRYPTO"


def instrument_for(symbol: str | None, path: Path, ticks: TickArray, number: int) -> tuple[Instrument, str]:
    """The instrument and one sentence that says where it comes from. Raises NotFound for a symbol nobody knows.

    Without a symbol the words of the file's name are tried (`xauusd_oanda_m1.csv.gz` is XAUUSD). A file of
    nothing known is played as a plain instrument: lots of 1, the smallest price step seen, open all day.
    """
    try:
        row = instrument_by_symbol(symbol) if symbol else _by_name(path)
    except DatabaseError:  # backtests also work before anything was set up
        row = None
    if row is not None:
        found = replace(row.to_domain(), number=number, calendar=row.calendar)
        return found, f"{row.symbol}: {row.name}, trading hours {row.calendar}"
    if symbol:
        raise NotFound(f"there is no instrument {symbol}; leave --instrument out to play the file as it is")
    step = price_step(ticks)
    plain = Instrument(number, path.name.split(".")[0].split("_")[0].upper(), PLAIN_CALENDAR, "USD", step)
    return plain, f"{plain.symbol}: not in the table, played with price steps of {step}, lots of 1, open all day"


def price_step(ticks: TickArray) -> Decimal:
    """One unit in the last decimal place that the first prices use."""
    priced = ticks["price"][ticks["flags"] & CLOCK == 0][:SAMPLE]
    places = max((-Decimal(repr(float(price))).as_tuple().exponent for price in np.unique(priced)), default=0)
    return Decimal(1).scaleb(-min(max(int(places), 0), 8))


def _by_name(path: Path) -> InstrumentRow | None:
    for word in path.name.split(".")[0].replace("-", "_").split("_"):
        try:
            return instrument_by_symbol(word)
        except NotFound:
            continue
    return None
