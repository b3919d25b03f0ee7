"""Back office: what accounts hold. Exchange rates can be set; everything else is history."""

from __future__ import annotations

from django.contrib import admin
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from apps.audit.admin import AuditedAdmin
from apps.common.admin import ReadOnlyAdmin
from apps.domain.messages import utc
from apps.portfolio.models import Cash, DayStart, EquitySnapshot, FxRate, LedgerEntry, Position


@admin.register(Position)
class PositionAdmin(ReadOnlyAdmin):
    list_display = ["account", "instrument", "qty", "cost", "realised", "fees", "mark"]
    list_filter = [("account", AutocompleteSelectFilter)]
    list_filter_submit = True
    search_fields = ["account__name", "instrument__symbol"]
    list_select_related = ["account", "instrument"]


@admin.register(Cash)
class CashAdmin(ReadOnlyAdmin):
    list_display = ["account", "currency", "amount"]
    list_filter = ["currency"]
    search_fields = ["account__name"]
    list_select_related = ["account"]


@admin.register(LedgerEntry)
class LedgerEntryAdmin(ReadOnlyAdmin):
    list_display = ["ref", "line", "account", "ledger_account", "amount", "currency", "instrument", "at"]
    list_filter = [("account", AutocompleteSelectFilter), "ledger_account", "currency"]
    list_filter_submit = True
    search_fields = ["ref", "account__name", "instrument__symbol"]
    list_select_related = ["account", "instrument"]

    @admin.display(description="venue time", ordering="at_ns")
    def at(self, entry: LedgerEntry) -> str:
        return f"{utc(entry.at_ns):%Y-%m-%d %H:%M:%S.%f}"


@admin.register(DayStart)
class DayStartAdmin(ReadOnlyAdmin):
    list_display = ["account", "day", "equity"]
    list_select_related = ["account"]
    date_hierarchy = "day"


@admin.register(EquitySnapshot)
class EquitySnapshotAdmin(ReadOnlyAdmin):
    list_display = ["account", "at", "equity", "cash", "unrealised", "realised", "fees"]
    list_filter = [("account", AutocompleteSelectFilter)]
    list_filter_submit = True
    list_select_related = ["account"]


@admin.register(FxRate)
class FxRateAdmin(AuditedAdmin):
    list_display = ["currency", "into", "rate", "changed_at"]
