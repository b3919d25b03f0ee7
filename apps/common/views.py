"""Health for probes, and the error pages' three doors."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.exceptions import TemplateDoesNotExist
from django.template.loader import render_to_string
from django.views import View, defaults

from apps.common import health


class HealthLive(View):
    """200 as soon as the process answers at all."""

    def get(self, request: HttpRequest) -> JsonResponse:
        return JsonResponse({"status": "live"})


class HealthReady(View):
    """200 when every registered check is well, else 503 with the reasons."""

    def get(self, request: HttpRequest) -> JsonResponse:
        found = health.report()
        ready = not any(found.values())
        checks = {name: reason or "ok" for name, reason in found.items()}
        answer = JsonResponse(
            {"status": "ready" if ready else "not ready", "checks": checks}, status=200 if ready else 503
        )
        answer._has_been_logged = True  # type: ignore[attr-defined]  # "not yet" is an answer, not an error
        return answer


def error_page(request: HttpRequest, status: int, message: str = "") -> HttpResponse:
    """`<status>.html`, else `error.html`, with `status` and `message`; plain words where no page can be drawn."""
    context = {"status": status, "message": message}
    try:
        body = render_to_string([f"{status}.html", "error.html"], context, request)
    except TemplateDoesNotExist:
        return HttpResponse(message or f"Error {status}", status=status, content_type="text/plain; charset=utf-8")
    return HttpResponse(body, status=status)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_page(request, 403, "You may not see or do this.")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return error_page(request, 404, "There is nothing here, or it is not yours.")


def server_error(request: HttpRequest) -> HttpResponse:
    try:
        return error_page(request, 500, "Something broke on our side. It has been noted.")
    except Exception:  # the page itself may need what just broke
        return defaults.server_error(request)
