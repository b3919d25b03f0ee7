"""What the back offices of all apps share."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache, wraps
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from unfold.admin import ModelAdmin, TabularInline

from apps.common.fields import ExactDecimalField
from apps.common.models import Outbox
from apps.domain.errors import VeloxError

Action = Callable[[Any, HttpRequest, Any], HttpResponse | None]


class Exact:
    """Shows exact decimals as they are, not padded to the longest the column could hold."""

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        return self._exact(super().get_list_display(request))  # type: ignore[misc]

    def get_fields(self, request: HttpRequest, obj: models.Model | None = None) -> list[Any]:
        return self._exact(super().get_fields(request, obj))  # type: ignore[misc]

    def get_readonly_fields(self, request: HttpRequest, obj: models.Model | None = None) -> list[Any]:
        return self._exact(super().get_readonly_fields(request, obj))  # type: ignore[misc]

    def _exact(self, names: Iterable[Any]) -> list[Any]:
        return [_shown(self.model, name) or name for name in names]  # type: ignore[attr-defined]


@cache
def _shown(model: type[models.Model], name: Any) -> Callable[[models.Model], str] | None:
    """A column's display where it is an ExactDecimalField."""
    field = next((each for each in model._meta.concrete_fields if each.name == name), None)
    if not isinstance(field, ExactDecimalField):
        return None

    @admin.display(description=str(field.verbose_name), ordering=field.name)
    def shown(obj: models.Model) -> str:
        value = getattr(obj, field.name)
        return "–" if value is None else f"{value.normalize():f}"

    shown.__name__ = field.name
    return shown


class ReadOnlyAdmin(Exact, ModelAdmin):
    """For rows that are facts: they can be looked at and searched, not made, changed or deleted."""

    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False


class ReadOnlyInline(Exact, TabularInline):
    """Rows of a fact, beneath what they belong to."""

    extra = 0
    can_delete = False
    show_title = False  # its columns say more

    def has_add_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False


def asks_first(question: str, button: str, *, reason: bool = False) -> Callable[[Action], Action]:
    """An action that shows what it will do to what, and does it when told so from that page.

    `reason`: it also needs to be told why; the action finds it with `reason_given`.
    """

    def wrap(act: Action) -> Action:
        @wraps(act)
        def asked(self: Any, request: HttpRequest, chosen: Any = ()) -> HttpResponse | None:
            sure = request.method == "POST" and request.POST.get("sure") == "yes"
            if sure and (reason_given(request) or not reason):
                return act(self, request, chosen)
            context = {
                **self.admin_site.each_context(request),
                "title": getattr(asked, "short_description", act.__name__).rstrip("."),
                "opts": self.model._meta,
                "question": question,
                "button": button,
                "chosen": list(chosen),
                "needs_reason": reason,
                "missing": sure,
                "action": request.POST.get("action", ""),
                "checkbox": ACTION_CHECKBOX_NAME,
            }
            return TemplateResponse(request, "admin/ask_first.html", context)

        return asked

    return wrap


def reason_given(request: HttpRequest) -> str:
    return request.POST.get("reason", "").strip()[:250]


def each(
    door: ModelAdmin, request: HttpRequest, chosen: QuerySet[Any] | Iterable[Any], act: Callable[[Any], Any], done: str
) -> None:
    """Call one service for each; say how many it was done to, and why not to the others."""
    count = 0
    for obj in chosen:
        try:
            act(obj)
            count += 1
        except VeloxError as error:
            door.message_user(request, f"{obj}: {error.message}", messages.WARNING)
    if count:
        door.message_user(request, f"{count} {done}", messages.SUCCESS)


@admin.register(Outbox)
class OutboxAdmin(ReadOnlyAdmin):
    list_display = ["id", "topic", "key", "created_at"]
    list_filter = ["topic"]
    search_fields = ["key"]
