"""Back office: webhooks to look at, switch off and on, and the log of what came through."""

from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.decorators import display

from apps.common.admin import ReadOnlyAdmin, asks_first, each
from apps.domain.errors import VeloxError
from apps.webhooks.door import status_of
from apps.webhooks.models import Verdict, Webhook, WebhookDelivery
from apps.webhooks.services import delivery_replay, hook_switch

LABELS = {
    Verdict.PLACED: "success",
    Verdict.REFUSED: "danger",
    Verdict.INVALID: "danger",
    Verdict.UNSIGNED: "danger",
    Verdict.THROTTLED: "warning",
    Verdict.FAILED: "warning",
}


@admin.register(Webhook)
class WebhookAdmin(ReadOnlyAdmin):
    list_display = ["name", "owner", "account", "instrument", "public_id", "is_active", "signed_only", "rotated_at"]
    list_filter = ["is_active", "signed_only"]
    search_fields = ["name", "public_id", "owner__username", "account__name"]
    list_select_related = ["owner", "account", "instrument"]
    exclude = ["digest", "signing_key"]
    actions = ["switch_off", "switch_on"]

    @admin.action(description="Switch off")
    @asks_first("Their addresses answer as if they were not there, until they are switched on.", "Switch off")
    def switch_off(self, request: HttpRequest, chosen: QuerySet[Webhook]) -> None:
        each(self, request, chosen, lambda hook: hook_switch(actor=request.user, hook_id=hook.pk, on=False), "are off")

    @admin.action(description="Switch on")
    def switch_on(self, request: HttpRequest, chosen: QuerySet[Webhook]) -> None:
        each(self, request, chosen, lambda hook: hook_switch(actor=request.user, hook_id=hook.pk, on=True), "are on")


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnlyAdmin):
    list_display = ["id", "received_at", "hook", "became", "status", "code", "error", "address"]
    list_filter = ["verdict", "hook"]
    search_fields = ["body", "key", "address", "decision__client_order_id"]
    list_select_related = ["hook"]
    date_hierarchy = "received_at"
    show_full_result_count = False
    actions = ["replay"]

    @display(description="verdict", ordering="verdict", label=LABELS)
    def became(self, delivery: WebhookDelivery) -> tuple[str, str]:
        return delivery.verdict, delivery.get_verdict_display()

    @admin.action(description="Replay")
    @asks_first(
        "They go through the risk door at the price of now; an order that is there already is not placed again.",
        "Replay",
    )
    def replay(self, request: HttpRequest, chosen: QuerySet[WebhookDelivery]) -> None:
        for delivery in chosen.order_by("pk"):
            try:
                outcome = delivery_replay(actor=request.user, delivery_id=delivery.pk, status_of=status_of)
            except VeloxError as error:
                self.message_user(request, f"{delivery.pk}: {error.message}", messages.WARNING)
                continue
            said = outcome.detail or outcome.delivery.get_verdict_display()
            self.message_user(request, f"{delivery.pk}: {said}", messages.WARNING if outcome.code else messages.SUCCESS)
