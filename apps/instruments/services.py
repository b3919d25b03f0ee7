"""New instruments get the next tape number; watchlists keep their owner's order."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from django.db import transaction
from django.db.models import Max

from apps.accounts.models import User
from apps.domain.errors import BadInput
from apps.instruments.models import Alias, Instrument, Kind, Venue, Watchlist, WatchlistEntry
from apps.instruments.selectors import instrument_get, watchlist_get


@transaction.atomic
def instrument_create(
    *,
    symbol: str,
    name: str,
    kind: Kind,
    venue: Venue,
    currency: str,
    tick_size: Decimal,
    lot_size: Decimal = Decimal(1),
    multiplier: Decimal = Decimal(1),
    calendar: str = "",
) -> Instrument:
    """A new instrument under the next free number. An empty `calendar` means the venue's. Raises BadInput."""
    if Instrument.objects.filter(symbol__iexact=symbol).exists():
        raise BadInput(f"there is an instrument {symbol} already", field="symbol")
    for field, step in (("tick_size", tick_size), ("lot_size", lot_size), ("multiplier", multiplier)):
        if not step.is_finite() or step <= 0:
            raise BadInput(f"{field} must be above 0, was {step}", field=field)
    highest = Instrument.objects.aggregate(highest=Max("number"))["highest"] or 0
    return Instrument.objects.create(
        number=highest + 1,
        symbol=symbol,
        name=name,
        kind=kind,
        venue=venue,
        calendar=calendar or venue.calendar,
        currency=currency,
        tick_size=tick_size,
        lot_size=lot_size,
        multiplier=multiplier,
    )


def alias_set(*, instrument: Instrument, feed: str, symbol: str) -> Alias:
    """What `feed` calls the instrument from now on. Raises BadInput where the feed means another one by it."""
    if Alias.objects.filter(feed=feed, symbol=symbol).exclude(instrument=instrument).exists():
        raise BadInput(f"{feed} already means another instrument by {symbol}", field="symbol")
    alias, _ = Alias.objects.update_or_create(instrument=instrument, feed=feed, defaults={"symbol": symbol})
    return alias


@transaction.atomic
def watchlist_set(*, actor: User, instruments: Sequence[int], name: str = "Watchlist") -> Watchlist:
    """Make or replace the actor's list of that name: these instruments, in this order, each once."""
    watchlist, _ = Watchlist.objects.get_or_create(owner=actor, name=name)
    watchlist.entries.all().delete()
    chosen = [instrument_get(number) for number in dict.fromkeys(instruments)]
    WatchlistEntry.objects.bulk_create(
        WatchlistEntry(watchlist=watchlist, instrument=instrument, position=place)
        for place, instrument in enumerate(chosen, 1)
    )
    return watchlist


@transaction.atomic
def watchlist_add(*, actor: User, watchlist_id: int, instrument: int) -> None:
    """Append one instrument; harmless where it is listed already."""
    watchlist = watchlist_get(actor=actor, watchlist_id=watchlist_id)
    last = watchlist.entries.aggregate(last=Max("position"))["last"] or 0
    WatchlistEntry.objects.get_or_create(
        watchlist=watchlist, instrument=instrument_get(instrument), defaults={"position": last + 1}
    )


def watchlist_remove(*, actor: User, watchlist_id: int, instrument: int) -> None:
    """Take one instrument off; harmless where it is not listed."""
    watchlist_get(actor=actor, watchlist_id=watchlist_id).entries.filter(instrument=instrument).delete()
