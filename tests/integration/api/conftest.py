"""What tests of the REST door may ask for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.cache import cache
from rest_framework.test import APIClient

from apps.accounts.models import User
from tests.integration.api.market import Open, open_market

Client = Callable[[User | None], APIClient]


@pytest.fixture(autouse=True)
def unhurried(settings: Any) -> Iterator[None]:
    """No test is throttled, but those about throttling."""
    cache.clear()
    settings.API_RATES = {}
    yield
    cache.clear()


@pytest.fixture
def as_(db: None) -> Client:
    """A client that is this user; None is nobody."""

    def client(user: User | None) -> APIClient:
        made = APIClient(raise_request_exception=False)
        if user is not None:
            made.force_authenticate(user)
        return made

    return client


@pytest.fixture
def market(db: None) -> Iterator[Open]:
    """A trader with an account, an instrument that trades at 100 now, and one of everything else."""
    with open_market() as made:
        yield made


@pytest.fixture
def trader(market: Open, as_: Client) -> APIClient:
    return as_(market.trader)


@pytest.fixture
def ticket(market: Open) -> dict[str, Any]:
    """An order the door lets through."""
    return {"account": market.account.pk, "instrument": market.instrument.number, "side": "buy", "qty": "2"}
