"""What the back offices of all apps share."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from apps.common.models import Outbox


class ReadOnlyAdmin(ModelAdmin):
    """For rows that are facts: they can be looked at and searched, not made, changed or deleted."""

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False


@admin.register(Outbox)
class OutboxAdmin(ReadOnlyAdmin):
    list_display = ["id", "topic", "key", "created_at"]
    list_filter = ["topic"]
    search_fields = ["key"]
