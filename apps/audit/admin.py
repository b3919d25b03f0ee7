"""Back office: the trail to read and to verify, and what makes other pages of the back office write to it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin, messages
from django.db import models
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html_join
from unfold.admin import ModelAdmin
from unfold.decorators import action

from apps.audit.anchors import anchor_write, anchors_read
from apps.audit.models import AuditEntry
from apps.audit.services import audit_record
from apps.audit.verify import audit_verify
from apps.common.admin import ReadOnlyAdmin, asks_first


class AuditedAdmin(ModelAdmin):
    """A ModelAdmin whose changes are in the trail with the values before and after.

    It stands in the transaction Django opens around each of its forms. Subclasses that override
    save_model call super() after their own checks.
    """

    def save_model(self, request: HttpRequest, obj: models.Model, form: ModelForm, change: bool) -> None:
        if change:
            request._velox_before = snapshot(type(obj)._default_manager.get(pk=obj.pk))
        super().save_model(request, obj, form, change)

    def log_addition(self, request: HttpRequest, obj: models.Model, message: Any) -> Any:
        audit_record(action="admin.added", actor=request.user, target=obj, after=snapshot(obj))
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: models.Model, message: Any) -> Any:
        before = getattr(request, "_velox_before", None)
        after = {"said": str(message)}
        if before is not None:  # not on pages of their own, such as a password's
            after = snapshot(type(obj)._default_manager.get(pk=obj.pk)) | _of_inlines(message)
        audit_record(action="admin.changed", actor=request.user, target=obj, before=before, after=after)
        return super().log_change(request, obj, message)

    def log_deletions(self, request: HttpRequest, queryset: Iterable[models.Model]) -> Any:
        for obj in queryset:
            audit_record(action="admin.deleted", actor=request.user, target=obj, before=snapshot(obj))
        return super().log_deletions(request, queryset)


def snapshot(obj: models.Model) -> dict[str, Any]:
    """Every column, and the keys of every many-to-many field."""
    columns = {field.attname: getattr(obj, field.attname) for field in obj._meta.concrete_fields}
    lists = {
        field.name: sorted(getattr(obj, field.name).values_list("pk", flat=True)) for field in obj._meta.many_to_many
    }
    return columns | lists


def _of_inlines(message: Any) -> dict[str, Any]:
    """What Django says of rows edited on the same page; they have no snapshot of their own."""
    said = [each for each in message if any("name" in told for told in each.values())] if message else []
    return {"rows": said} if said else {}


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ["number", "when", "actor", "action", "target", "address", "request_id"]
    list_filter = ["action", "target_type"]
    search_fields = ["actor", "target", "address", "request_id", "action"]
    date_hierarchy = "at"
    ordering = ["-number"]
    show_full_result_count = False
    fields = [
        *("number", "at", "actor", "actor_id", "action", "target_type", "target_id", "target", "change"),
        *("address", "agent", "via", "request_id", "previous_hash", "hash"),
    ]
    readonly_fields = ["change"]
    actions_list = ["verify", "anchor"]

    @admin.display(description="at", ordering="number")
    def when(self, entry: AuditEntry) -> str:
        return f"{timezone.localtime(entry.at):%Y-%m-%d %H:%M:%S %Z}"

    @admin.display(description="before → after")
    def change(self, entry: AuditEntry) -> str:
        lines = ((name, _shown(before), _shown(after)) for name, before, after in entry.changes)
        return format_html_join("", "<div><b>{}</b>: {} → {}</div>", lines) or "–"

    @action(description="Verify the trail", url_path="verify", permissions=["view"])
    def verify(self, request: HttpRequest) -> HttpResponse:
        report = audit_verify(anchors_read())
        if report.whole:
            words = f"{report.entries} entries and {report.anchors} anchors: the trail is what was written."
            self.message_user(request, words, messages.SUCCESS)
        for finding in report.findings[:20]:
            self.message_user(request, str(finding), messages.ERROR)
        return redirect(reverse("admin:audit_auditentry_changelist"))

    @action(description="Anchor it now", url_path="anchor", permissions=["view"])
    @asks_first(
        "The trail's head is told to the log, to the anchor file and by mail, so that it can be proven.", "Anchor"
    )
    def anchor(self, request: HttpRequest, chosen: Any = ()) -> HttpResponse:
        anchor = anchor_write()
        self.message_user(request, f"Anchored at {anchor}." if anchor else "There is nothing to anchor yet.")
        return redirect(reverse("admin:audit_auditentry_changelist"))


def _shown(value: Any) -> str:
    return "–" if value is None else str(value)
