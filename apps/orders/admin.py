"""Back office: orders with their steps, fills. All of it is history: only a cancel can be asked for."""

from __future__ import annotations

from decimal import Decimal

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter, RangeDateTimeFilter
from unfold.decorators import display

from apps.common.admin import ReadOnlyAdmin, ReadOnlyInline
from apps.domain.messages import utc
from apps.orders.models import Fill, Order, OrderEvent
from apps.orders.selectors import order_rebuild

STATES = {  # state -> the tone its label has
    **dict.fromkeys(("filled",), "success"),
    **dict.fromkeys(("rejected", "denied"), "danger"),
    **dict.fromkeys(("unknown",), "warning"),
    **dict.fromkeys(("live", "partial", "triggered", "sent", "new", "pending_cancel", "pending_modify"), "info"),
}


def plain(number: Decimal | None) -> str:
    """A Decimal without trailing zeros or exponents."""
    return "–" if number is None else f"{number.normalize():f}"


class OrderEventInline(ReadOnlyInline):
    model = OrderEvent
    fields = ["seq", "event", "at", "qty", "price", "code", "reason"]
    readonly_fields = fields
    ordering = ["seq"]

    @admin.display(description="venue time")
    def at(self, event: OrderEvent) -> str:
        return f"{utc(event.at_ns):%Y-%m-%d %H:%M:%S.%f}"


class FillInline(ReadOnlyInline):
    model = Fill
    fields = ["fill_id", "qty", "price", "fee", "currency", "maker"]
    readonly_fields = fields


class OrderHistory(ReadOnlyAdmin):
    """Orders to look at; `execution` registers them, with what may be asked of an order."""

    list_display = [
        "client_order_id",
        "account",
        "instrument",
        "side",
        "quantity",
        "filled",
        "mean_price",
        "state",
        "mode",
        "created_at",
    ]
    list_filter = [
        ("status", ChoicesDropdownFilter),
        ("order_type", ChoicesDropdownFilter),
        ("account", AutocompleteSelectFilter),
        ("instrument", AutocompleteSelectFilter),
        ("created_at", RangeDateTimeFilter),
        *("is_working", "side", "mode", "exit"),
    ]
    list_filter_submit = True
    search_fields = ["client_order_id", "instrument__symbol", "account__name", "tag"]
    list_select_related = ["account", "instrument"]
    date_hierarchy = "created_at"
    inlines = [OrderEventInline, FillInline]
    actions = ["compare_with_steps"]

    @display(description="status", ordering="status", label=STATES)
    def state(self, order: Order) -> tuple[str, str]:
        return order.status, order.get_status_display()

    @admin.display(description="qty")
    def quantity(self, order: Order) -> str:
        return plain(order.qty)

    @admin.display
    def filled(self, order: Order) -> str:
        return plain(order.filled_qty)

    @admin.display(description="mean price")
    def mean_price(self, order: Order) -> str:
        return plain(order.avg_price)

    @admin.action(description="Compare with the steps")
    def compare_with_steps(self, request: HttpRequest, chosen: QuerySet[Order]) -> None:
        drifted = [order.client_order_id for order in chosen if order_rebuild(order) != order.state]
        if drifted:
            self.message_user(request, f"not what their steps say: {', '.join(drifted)}", messages.ERROR)
        else:
            self.message_user(request, "every chosen order is what its steps say", messages.SUCCESS)


@admin.register(Fill)
class FillAdmin(ReadOnlyAdmin):
    list_display = ["fill_id", "account", "instrument", "side", "qty", "price", "fee", "currency", "realised", "at"]
    list_filter = [
        ("account", AutocompleteSelectFilter),
        ("instrument", AutocompleteSelectFilter),
        *("side", "maker", "currency"),
    ]
    list_filter_submit = True
    search_fields = ["fill_id", "order__client_order_id", "instrument__symbol", "account__name"]
    list_select_related = ["account", "instrument"]

    @admin.display(description="venue time", ordering="at_ns")
    def at(self, fill: Fill) -> str:
        return f"{utc(fill.at_ns):%Y-%m-%d %H:%M:%S.%f}"


@admin.register(OrderEvent)
class OrderEventAdmin(ReadOnlyAdmin):
    list_display = ["order", "seq", "event", "qty", "price", "code", "reason", "created_at"]
    list_filter = ["event"]
    search_fields = ["order__client_order_id", "key", "code"]
    list_select_related = ["order"]
