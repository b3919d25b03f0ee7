"""Back office: what may be asked of orders, accounts, people and switches. Every action is one service."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from apps.accounts.admin import BrokerAccountAdmin, UserAdmin
from apps.accounts.models import BrokerAccount, User
from apps.common.admin import asks_first, each, reason_given
from apps.execution.kill import kill_switch_pull, kill_switch_rearm
from apps.execution.services import order_ask_cancel
from apps.orders.admin import OrderHistory
from apps.orders.models import Order
from apps.risk.admin import KillSwitchHistory
from apps.risk.models import KillSwitch, Scope

_PULL = "New orders are stopped, working orders cancelled and open positions closed at market, at once and for good."
_REARM = "Orders are let through again. Runs that were parked stay parked until they are started."


@admin.register(Order)
class OrderAdmin(OrderHistory):
    actions = ["ask_cancel", *OrderHistory.actions]

    @admin.action(description="Ask the venue to cancel")
    @asks_first("The venue is asked to cancel these orders. What has filled by then stays.", "Ask to cancel")
    def ask_cancel(self, request: HttpRequest, chosen: QuerySet[Order]) -> None:
        each(
            self,
            request,
            chosen,
            lambda order: order_ask_cancel(actor=request.user, order_id=order.pk),
            "cancels were asked for; an order is cancelled once its venue says so",
        )


class Switched:
    """The two actions of everything that has a kill switch."""

    def scope_of(self, obj: Any) -> tuple[Scope, int]:
        raise NotImplementedError

    @admin.action(description="PULL: halt, cancel all, close all")
    @asks_first(_PULL, "Pull the kill switch", reason=True)
    def pull(self, request: HttpRequest, chosen: QuerySet[Any]) -> None:
        for obj in chosen:
            scope, scope_id = self.scope_of(obj)
            pulled = kill_switch_pull(actor=request.user, scope=scope, scope_id=scope_id, reason=reason_given(request))
            said = f"{pulled.cancels} cancels, {pulled.flattens} closing orders on {pulled.accounts} accounts"
            self.message_user(request, f"{obj}: halted, {said}", messages.WARNING)  # type: ignore[attr-defined]

    @admin.action(description="Re-arm: let it trade again")
    @asks_first(_REARM, "Re-arm", reason=True)
    def re_arm(self, request: HttpRequest, chosen: QuerySet[Any]) -> None:
        def act(obj: Any) -> None:
            scope, scope_id = self.scope_of(obj)
            kill_switch_rearm(actor=request.user, scope=scope, scope_id=scope_id, reason=reason_given(request))

        each(self, request, chosen, act, "may trade again")  # type: ignore[arg-type]


@admin.register(KillSwitch)
class KillSwitchAdmin(Switched, KillSwitchHistory):
    actions = ["pull", "re_arm"]

    def scope_of(self, obj: KillSwitch) -> tuple[Scope, int]:
        return Scope(obj.scope), obj.scope_id


admin.site.unregister([BrokerAccount, User])


@admin.register(BrokerAccount)
class TradingAccountAdmin(Switched, BrokerAccountAdmin):
    actions = [*(BrokerAccountAdmin.actions or ()), "pull", "re_arm"]

    def scope_of(self, obj: BrokerAccount) -> tuple[Scope, int]:
        return Scope.ACCOUNT, obj.pk


@admin.register(User)
class TraderAdmin(Switched, UserAdmin):
    actions = [*(UserAdmin.actions or ()), "pull", "re_arm"]

    def scope_of(self, obj: User) -> tuple[Scope, int]:
        return Scope.USER, obj.pk
