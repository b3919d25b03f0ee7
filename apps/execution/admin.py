"""Back office: what may be asked of orders and switches. Every action is one service."""

from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from apps.domain.errors import VeloxError
from apps.execution.kill import kill_switch_pull, kill_switch_rearm
from apps.execution.services import order_ask_cancel
from apps.orders.admin import OrderHistory
from apps.orders.models import Order
from apps.risk.admin import KillSwitchHistory
from apps.risk.models import KillSwitch, Scope


@admin.register(Order)
class OrderAdmin(OrderHistory):
    actions = ["ask_cancel", *OrderHistory.actions]

    @admin.action(description="Ask the venue to cancel")
    def ask_cancel(self, request: HttpRequest, chosen: QuerySet[Order]) -> None:
        for order in chosen:
            try:
                order_ask_cancel(actor=request.user, order_id=order.pk)
            except VeloxError as error:
                self.message_user(request, f"{order.client_order_id}: {error.message}", messages.WARNING)


@admin.register(KillSwitch)
class KillSwitchAdmin(KillSwitchHistory):
    actions = ["pull", "re_arm"]

    @admin.action(description="PULL: halt, cancel all, close all")
    def pull(self, request: HttpRequest, chosen: QuerySet[KillSwitch]) -> None:
        for switch in chosen:
            pulled = kill_switch_pull(
                actor=request.user, scope=Scope(switch.scope), scope_id=switch.scope_id, reason="from the back office"
            )
            said = f"{pulled.cancels} cancels, {pulled.flattens} closing orders on {pulled.accounts} accounts"
            self.message_user(request, f"{pulled.switch}: {said}", messages.WARNING)

    @admin.action(description="Re-arm")
    def re_arm(self, request: HttpRequest, chosen: QuerySet[KillSwitch]) -> None:
        for switch in chosen:
            kill_switch_rearm(
                actor=request.user, scope=Scope(switch.scope), scope_id=switch.scope_id, reason="from the back office"
            )
