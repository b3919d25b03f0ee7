"""Back office: limits are edited here, switches pulled and re-armed, decisions read."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest
from unfold.admin import TabularInline

from apps.audit.admin import AuditedAdmin
from apps.common.admin import ReadOnlyAdmin
from apps.domain.messages import utc
from apps.risk.models import KillSwitch, KillSwitchEvent, RiskDecision, RiskLimit


@admin.register(RiskLimit)
class RiskLimitAdmin(AuditedAdmin):
    list_display = [
        "scope",
        "scope_id",
        "max_order_notional",
        "max_position_notional",
        "max_daily_loss",
        "max_daily_loss_pct",
        "max_orders_per_s",
        "updated_at",
    ]
    list_filter = ["scope"]
    search_fields = ["scope_id"]


class KillSwitchEventInline(TabularInline):
    model = KillSwitchEvent
    extra = 0
    can_delete = False
    fields = ["at", "state", "actor", "reason"]
    readonly_fields = fields

    def has_add_permission(self, request: HttpRequest, obj: KillSwitch | None = None) -> bool:
        return False


class KillSwitchHistory(ReadOnlyAdmin):
    """Switches to look at; `execution` registers them, with their two actions."""

    list_display = ["scope", "scope_id", "state", "reason", "changed_by", "updated_at", "pulls"]
    list_filter = ["scope", "state"]
    list_select_related = ["changed_by"]
    inlines = [KillSwitchEventInline]


@admin.register(RiskDecision)
class RiskDecisionAdmin(ReadOnlyAdmin):
    list_display = ["client_order_id", "account", "allowed", "code", "reason", "flatten", "at"]
    list_filter = ["allowed", "code", "flatten"]
    search_fields = ["client_order_id", "account__name"]
    list_select_related = ["account"]

    @admin.display(description="venue time", ordering="at_ns")
    def at(self, decision: RiskDecision) -> str:
        return f"{utc(decision.at_ns):%Y-%m-%d %H:%M:%S.%f}"
