"""Back office: limits are edited here, switches pulled and re-armed, decisions read."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import display

from apps.audit.admin import AuditedAdmin
from apps.common.admin import ReadOnlyAdmin, ReadOnlyInline
from apps.domain.messages import utc
from apps.domain.risk import TradingState
from apps.risk.models import KillSwitch, KillSwitchEvent, RiskDecision, RiskLimit


class LimitForm(forms.ModelForm):  # type: ignore[type-arg]
    def clean(self) -> dict[str, Any]:
        """Refuses what limits_set would refuse."""
        given = super().clean() or {}
        for name, value in list(given.items()):
            if name.startswith(("max_", "duplicate_")) and value is not None and value < 0:
                self.add_error(name, "A limit is zero or more; leave it empty for none.")
        return given


@admin.register(RiskLimit)
class RiskLimitAdmin(AuditedAdmin):
    form = LimitForm
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


class KillSwitchEventInline(ReadOnlyInline):
    model = KillSwitchEvent
    fields = ["at", "state", "actor", "reason"]
    readonly_fields = fields


class KillSwitchHistory(ReadOnlyAdmin):
    """Switches to look at; `execution` registers them, with their two actions."""

    list_display = ["scope", "scope_id", "stands", "reason", "changed_by", "updated_at", "pulls"]
    list_filter = ["scope", "state"]
    list_select_related = ["changed_by"]
    search_fields = ["scope_id", "reason", "changed_by__username"]
    inlines = [KillSwitchEventInline]

    @display(
        description="state",
        ordering="state",
        label={TradingState.TRADING: "success", TradingState.REDUCE_ONLY: "warning", TradingState.HALTED: "danger"},
    )
    def stands(self, switch: KillSwitch) -> tuple[str, str]:
        return switch.state, switch.get_state_display()


@admin.register(RiskDecision)
class RiskDecisionAdmin(ReadOnlyAdmin):
    list_display = ["client_order_id", "account", "allowed", "code", "reason", "flatten", "at"]
    list_filter = [("account", AutocompleteSelectFilter), "allowed", "code", "flatten"]
    list_filter_submit = True
    search_fields = ["client_order_id", "account__name"]
    list_select_related = ["account"]

    @admin.display(description="venue time", ordering="at_ns")
    def at(self, decision: RiskDecision) -> str:
        return f"{utc(decision.at_ns):%Y-%m-%d %H:%M:%S.%f}"
