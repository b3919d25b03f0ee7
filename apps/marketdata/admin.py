"""Back office: what was recorded. Candles are facts; only their absence is looked into."""

from django.contrib import admin

from apps.common.admin import ReadOnlyAdmin
from apps.marketdata.models import GapLog, StoredCandle


@admin.register(StoredCandle)
class StoredCandleAdmin(ReadOnlyAdmin):
    list_display = ["instrument", "timeframe", "start_at", "open", "high", "low", "close", "volume", "ticks"]
    list_filter = ["timeframe", "instrument"]
    list_select_related = ["instrument"]
    ordering = ["-start_at"]
    show_full_result_count = False


@admin.register(GapLog)
class GapLogAdmin(ReadOnlyAdmin):
    list_display = ["feed", "instrument", "started_at", "ended_at", "reason", "rows_lost"]
    list_filter = ["feed", "instrument"]
    search_fields = ["reason", "feed"]
    list_select_related = ["instrument"]
