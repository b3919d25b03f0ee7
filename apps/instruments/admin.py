"""Back office: venues, instruments and what feeds call them, watchlists."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import ModelAdmin, TabularInline

from apps.audit.admin import AuditedAdmin
from apps.instruments.models import Alias, Instrument, Venue, Watchlist, WatchlistEntry


@admin.register(Venue)
class VenueAdmin(AuditedAdmin):
    list_display = ["code", "name", "zone", "calendar"]
    search_fields = ["code", "name"]


class AliasInline(TabularInline):
    model = Alias
    extra = 0


@admin.register(Instrument)
class InstrumentAdmin(AuditedAdmin):
    list_display = ["number", "symbol", "name", "kind", "venue", "currency", "tick_size", "lot_size", "is_active"]
    list_display_links = ["symbol"]
    list_filter = ["kind", "venue", "currency", "is_active"]
    search_fields = ["symbol", "name", "aliases__symbol"]
    list_select_related = ["venue"]
    inlines = [AliasInline]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """The number stands on the tape for ever."""
        return ["number"] if obj else []

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """An instrument is retired, not deleted: its number must never mean another one."""
        return False


class EntryInline(TabularInline):
    model = WatchlistEntry
    extra = 0
    autocomplete_fields = ["instrument"]


@admin.register(Watchlist)
class WatchlistAdmin(ModelAdmin):
    list_display = ["name", "owner", "updated_at"]
    search_fields = ["name", "owner__username"]
    list_select_related = ["owner"]
    autocomplete_fields = ["owner"]
    inlines = [EntryInline]
