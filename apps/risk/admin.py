"""Back office: limits are edited here, switches pulled and re-armed, decisions read."""

from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin, TabularInline

from apps.common.admin import ReadOnlyAdmin
from apps.domain.messages import utc
from apps.risk.models import KillSwitch, KillSwitchEvent, RiskDecision, RiskLimit, Scope


@admin.register(RiskLimit)
class RiskLimitAdmin(ModelAdmin):
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


@admin.register(KillSwitch)
class KillSwitchAdmin(ReadOnlyAdmin):
    list_display = ["scope", "scope_id", "state", "reason", "changed_by", "updated_at", "pulls"]
    list_filter = ["scope", "state"]
    list_select_related = ["changed_by"]
    inlines = [KillSwitchEventInline]
    actions = ["pull", "re_arm"]

    @admin.action(description="PULL: halt, cancel all, close all")
    def pull(self, request: HttpRequest, chosen: QuerySet[KillSwitch]) -> None:
        from apps.execution.kill import kill_switch_pull  # a door: the rule lives above this app

        for switch in chosen:
            scope = Scope(switch.scope)
            pulled = kill_switch_pull(
                actor=request.user, scope=scope, scope_id=switch.scope_id, reason="pulled in the back office"
            )
            said = (
                f"{switch}: {pulled.cancels} cancels and {pulled.flattens} closing orders on {pulled.accounts} accounts"
            )
            self.message_user(request, said, messages.WARNING)

    @admin.action(description="Re-arm")
    def re_arm(self, request: HttpRequest, chosen: QuerySet[KillSwitch]) -> None:
        from apps.execution.kill import kill_switch_rearm

        for switch in chosen:
            kill_switch_rearm(
                actor=request.user, scope=Scope(switch.scope), scope_id=switch.scope_id, reason="back office"
            )


@admin.register(RiskDecision)
class RiskDecisionAdmin(ReadOnlyAdmin):
    list_display = ["client_order_id", "account", "allowed", "code", "reason", "flatten", "at"]
    list_filter = ["allowed", "code", "flatten"]
    search_fields = ["client_order_id", "account__name"]
    list_select_related = ["account"]

    @admin.display(description="venue time", ordering="at_ns")
    def at(self, decision: RiskDecision) -> str:
        return f"{utc(decision.at_ns):%Y-%m-%d %H:%M:%S.%f}"
