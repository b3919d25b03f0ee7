"""Instruments keep their number for ever; a watchlist keeps its owner's order."""

from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from apps.domain.errors import BadInput, NotFound
from apps.instruments.models import Instrument, Kind
from apps.instruments.selectors import (
    instrument_by_alias,
    instrument_by_symbol,
    instrument_get,
    instrument_list,
    instruments_for_domain,
    watchlist_get,
    watchlist_list,
)
from apps.instruments.services import alias_set, instrument_create, watchlist_add, watchlist_remove, watchlist_set
from tests import builders

pytestmark = pytest.mark.django_db


def make(symbol: str = "XAUUSD", **fields):
    fields = {"venue": builders.venue(calendar="CFD_METAL"), "tick_size": Decimal("0.001")} | fields
    return instrument_create(symbol=symbol, name=symbol, kind=Kind.CFD, currency="USD", **fields)


def test_numbers_count_up_and_a_retired_ones_is_not_given_again():
    first, second = make("A"), make("B")
    assert second.number == first.number + 1
    Instrument.objects.filter(pk=second.pk).update(is_active=False)
    assert make("C").number == second.number + 1


def test_the_domain_sees_plain_decimals_and_the_venues_calendar():
    gold = make(lot_size=Decimal("0.10"))
    gold.refresh_from_db()
    seen = gold.to_domain()
    assert (seen.number, seen.symbol, seen.calendar) == (gold.number, "XAUUSD", "CFD_METAL")
    assert (str(seen.tick_size), str(seen.lot_size), str(seen.multiplier)) == ("0.001", "0.1", "1")


def test_a_symbol_is_taken_in_whatever_case():
    make("XAUUSD")
    with pytest.raises(BadInput, match="already"):
        make("xauusd")


@pytest.mark.parametrize("field", ["tick_size", "lot_size", "multiplier"])
def test_a_step_is_above_zero_here_and_in_the_database(field):
    with pytest.raises(BadInput) as refused:
        make(**{field: Decimal(0)})
    assert refused.value.facts["field"] == field
    gold = make()
    with pytest.raises(IntegrityError), transaction.atomic():
        Instrument.objects.filter(pk=gold.pk).update(**{field: 0})


def test_an_instrument_is_found_by_number_symbol_and_what_a_feed_calls_it():
    gold = make()
    alias_set(instrument=gold, feed="oanda", symbol="XAU_USD")
    assert instrument_get(gold.number) == instrument_by_symbol("xauusd") == gold
    assert instrument_by_alias("oanda", "XAU_USD") == gold
    assert instrument_by_alias("replay", "XAUUSD") == gold  # no alias: our own symbol
    for missing in (
        lambda: instrument_get(999),
        lambda: instrument_by_symbol("?"),
        lambda: instrument_by_alias("a", "?"),
    ):
        with pytest.raises(NotFound):
            missing()


def test_one_feed_cannot_mean_two_instruments_by_one_symbol():
    alias_set(instrument=make("A"), feed="kite", symbol="X")
    with pytest.raises(BadInput):
        alias_set(instrument=make("B"), feed="kite", symbol="X")


def test_a_retired_instrument_is_not_listed_but_still_means_something_on_the_tape():
    gold = make()
    Instrument.objects.filter(pk=gold.pk).update(is_active=False)
    assert gold not in instrument_list()
    assert gold.number in {instrument.number for instrument in instruments_for_domain()}


def numbers(watchlist):
    return [entry.instrument_id for entry in watchlist.entries.all()]


def test_a_watchlist_keeps_its_order_and_lists_each_once():
    a, b, c = make("A"), make("B"), make("C")
    owner = builders.trader()
    made = watchlist_set(actor=owner, instruments=[c.number, a.number, c.number])
    watchlist_add(actor=owner, watchlist_id=made.pk, instrument=b.number)
    watchlist_add(actor=owner, watchlist_id=made.pk, instrument=a.number)
    assert numbers(watchlist_get(actor=owner, watchlist_id=made.pk)) == [c.number, a.number, b.number]
    watchlist_remove(actor=owner, watchlist_id=made.pk, instrument=a.number)
    assert numbers(watchlist_list(actor=owner).get()) == [c.number, b.number]


def test_somebody_elses_watchlist_looks_missing():
    made = watchlist_set(actor=builders.trader(), instruments=[])
    with pytest.raises(NotFound):
        watchlist_add(actor=builders.trader(), watchlist_id=made.pk, instrument=make().number)
