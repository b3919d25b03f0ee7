"""What wraps every request: an id that follows it into every log line, one log line, errors as pages."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable

import structlog
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse

from apps.common.requests import facts_of, request_facts, request_facts_bound
from apps.common.views import error_page
from apps.domain.errors import BadInput, BrokerUnavailable, NotFound, RuleBroken, TooOften, VeloxError

Handler = Callable[[HttpRequest], HttpResponse]
log = structlog.get_logger("velox.request")

_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_QUIET = ("/health/", "/static/")
_STATUS: tuple[tuple[type[VeloxError], int], ...] = (
    (NotFound, 404),
    (BadInput, 400),
    (TooOften, 429),
    (RuleBroken, 409),
    (BrokerUnavailable, 503),
)


class RequestLog:
    """Takes the caller's X-Request-ID or makes one, binds it to the log context and returns it."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-ID", "")
        request_id = given if _ID.fullmatch(given) else uuid.uuid4().hex
        request.request_id = request_id  # type: ignore[attr-defined]
        began = time.perf_counter()
        bound = structlog.contextvars.bound_contextvars(request_id=request_id)
        with bound, request_facts_bound(facts_of(request, request_id)):
            response = self.get_response(request)
            if not request.path.startswith(_QUIET):
                user = getattr(request, "_cached_user", None)  # as already loaded: a log line asks the database nothing
                log.info(
                    "request",
                    method=request.method,
                    path=request.path,
                    route=request.resolver_match.view_name if request.resolver_match else None,
                    status=response.status_code,
                    ms=round((time.perf_counter() - began) * 1000, 1),
                    user=user.pk if user is not None else None,
                    address=request_facts().address,
                    **({"via": request_facts().via} if request_facts().via else {}),
                )
        response["X-Request-ID"] = request_id
        return response


class BodyLimit:
    """A body that says it is too large is refused before it is read; one that does not say, while it is."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        if request.content_type == "multipart/form-data":
            most = settings.UPLOAD_MAX_SIZE
        said = request.META.get("CONTENT_LENGTH") or "0"
        if said.isdecimal() and int(said) > most:
            return too_large(request, most)
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, RequestDataTooBig):
            return too_large(request, settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
        return None


def too_large(request: HttpRequest, most: int) -> HttpResponse:
    """413 in the words its caller reads: a page, or a problem document (RFC 9457)."""
    words = f"What was sent is larger than {most // 1024:,} KiB. Nothing of it was used."
    if request.path.startswith("/api/") or "html" not in request.headers.get("Accept", ""):
        body = {
            "type": "about:blank",
            "title": "Content too large",
            "status": 413,
            "detail": words,
            "code": "too_large",
        }
        return JsonResponse(body, status=413, content_type="application/problem+json")
    return error_page(request, 413, words)


class AdminPolicy:
    """The admin's theme needs a looser content policy than our own pages; it gets it and nobody else."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        match = request.resolver_match
        if match is not None and match.app_name == "admin":
            response._csp_config = settings.ADMIN_CSP  # type: ignore[attr-defined]
        return response


class ErrorPages:
    """A VeloxError that a page let through becomes the page of its status, with its sentence."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        for kind, status in _STATUS:
            if isinstance(exception, kind):
                log.info("refused", code=exception.code, reason=exception.message, path=request.path)
                return error_page(request, status, exception.message)
        return None
