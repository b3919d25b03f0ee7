"""Instruments are everybody's to see; a watchlist is its owner's."""

from __future__ import annotations

from django.db.models import Prefetch, QuerySet

from apps.accounts.models import User
from apps.domain import messages
from apps.domain.errors import NotFound
from apps.instruments.models import Instrument, Venue, Watchlist, WatchlistEntry


def instrument_list() -> QuerySet[Instrument]:
    """All that can be traded today, by symbol."""
    return Instrument.objects.filter(is_active=True).select_related("venue")


def venue_list() -> QuerySet[Venue]:
    """All venues, by code."""
    return Venue.objects.all()


def instrument_get(number: int) -> Instrument:
    """By tape number, traded today or not. Raises NotFound."""
    found = Instrument.objects.select_related("venue").filter(pk=number).first()
    if found is None:
        raise NotFound(f"there is no instrument {number}", instrument=number)
    return found


def instrument_by_symbol(symbol: str) -> Instrument:
    """By symbol, whatever its case. Raises NotFound."""
    found = Instrument.objects.select_related("venue").filter(symbol__iexact=symbol).first()
    if found is None:
        raise NotFound(f"there is no instrument {symbol}", symbol=symbol)
    return found


def instrument_by_alias(feed: str, symbol: str) -> Instrument:
    """What `feed` calls `symbol`; a feed that has no alias for it means our own symbol. Raises NotFound."""
    found = Instrument.objects.filter(aliases__feed=feed, aliases__symbol=symbol).select_related("venue").first()
    return found or instrument_by_symbol(symbol)


def instruments_for_domain() -> list[messages.Instrument]:
    """Every instrument, also one no longer traded, as the path knows it, by number."""
    return [instrument.to_domain() for instrument in Instrument.objects.order_by("number")]


def watchlist_list(*, actor: User) -> QuerySet[Watchlist]:
    """The actor's own lists with their entries in order."""
    entries = WatchlistEntry.objects.select_related("instrument__venue")
    return Watchlist.objects.filter(owner=actor).prefetch_related(Prefetch("entries", entries))


def watchlist_get(*, actor: User, watchlist_id: int) -> Watchlist:
    """One own list, or NotFound."""
    found = watchlist_list(actor=actor).filter(pk=watchlist_id).first()
    if found is None:
        raise NotFound("no such watchlist", watchlist_id=watchlist_id)
    return found
