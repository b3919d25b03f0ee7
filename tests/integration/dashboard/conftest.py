"""A trader with an account and an instrument that has a price, signed in."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import pytest
from django.test import Client

from apps.accounts.models import BrokerAccount, Grant, User
from apps.domain.frames import TICK
from apps.execution.facts import instruments
from apps.instruments.models import Instrument
from apps.marketdata.quotes import board
from tests import builders


@dataclass(frozen=True, slots=True)
class Shop:
    """`client` is the trader's, `reader` an investor's who may read the account."""

    trader: User
    account: BrokerAccount
    instrument: Instrument
    client: Client
    reader: Client


@pytest.fixture
def shop(db: None) -> Iterator[Shop]:
    trader, investor = builders.trader(), builders.investor()
    account = builders.account(trader)
    Grant.objects.create(investor=investor, account=account)
    instrument = builders.instrument(tick_size=Decimal("0.05"), lot_size=Decimal(25))
    instruments.forget()
    price_set(instrument.number, 100.0)
    client, reader = Client(), Client()
    client.force_login(trader)
    reader.force_login(investor)
    yield Shop(trader, account, instrument, client, reader)
    board.clear()


def price_set(instrument: int, price: float) -> None:
    """A trade at this price, now."""
    tick = np.zeros(1, TICK)
    tick["instrument"], tick["price"], tick["size"], tick["ask"] = instrument, price, 1000, np.nan
    tick["event_ns"] = tick["seen_ns"] = time.time_ns()
    board.update(tick)
