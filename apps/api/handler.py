"""Whatever a view raises becomes a problem document. The one broad except of the REST door."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import structlog
from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from apps.api.problems import Refused, kind_of, problem, problem_of
from apps.domain.errors import VeloxError

log = structlog.get_logger("velox.api")

_CODES: tuple[tuple[type[Exception], str], ...] = (
    (exceptions.ParseError, "malformed"),
    (exceptions.AuthenticationFailed, "unauthenticated"),
    (exceptions.NotAuthenticated, "unauthenticated"),
    (exceptions.PermissionDenied, "forbidden"),
    (PermissionDenied, "forbidden"),
    (exceptions.NotFound, "not_found"),
    (Http404, "not_found"),
    (exceptions.MethodNotAllowed, "method_not_allowed"),
    (exceptions.NotAcceptable, "not_acceptable"),
    (exceptions.UnsupportedMediaType, "unsupported_media_type"),
)


def answer(error: Exception, context: dict[str, Any]) -> Response:
    """DRF's EXCEPTION_HANDLER."""
    request = context["request"]
    set_rollback()
    if isinstance(error, VeloxError):
        log.info("refused", code=error.code, reason=error.message, path=request.path)
        return (
            _noted(problem_of(request, error), error, request)
            if kind_of(error).status == 500
            else problem_of(request, error)
        )
    if isinstance(error, Refused):
        return problem(request, error.code, error.detail, **error.more)
    if isinstance(error, exceptions.ValidationError):
        return _invalid(request, error)
    if isinstance(error, exceptions.Throttled):
        wait = max(1, round(error.wait or 1))
        return problem(request, "throttled", f"Come back in {wait} s.", headers={"Retry-After": str(wait)})
    for kind, code in _CODES:
        if isinstance(error, kind):
            return problem(request, code, _detail(error), headers=_headers(error, context))
    return _noted(problem(request, "internal"), error, request)


def _noted(response: Response, error: Exception, request: Any) -> Response:
    log.error("broke", path=request.path, exc_info=error)
    return response


def _detail(error: Exception) -> str:
    detail = getattr(error, "detail", "")
    if isinstance(detail, dict):  # simplejwt says more than one thing
        detail = detail.get("detail", "")
    return "" if isinstance(error, Http404 | exceptions.NotFound) else str(detail)


def _headers(error: Exception, context: dict[str, Any]) -> dict[str, str]:
    headers = {}
    if isinstance(error, exceptions.MethodNotAllowed):
        headers["Allow"] = ", ".join(context["view"].allowed_methods)
    challenge = getattr(error, "auth_header", None)
    if challenge:
        headers["WWW-Authenticate"] = challenge
    return headers


def _invalid(request: Any, error: exceptions.ValidationError) -> Response:
    found = list(_flat(error.detail))
    told = "; ".join(f"{each['field']}: {each['reason']}" if each["field"] else each["reason"] for each in found[:3])
    return problem(request, "bad_input", told, errors=found)


def _flat(detail: Any, field: str = "") -> Iterator[dict[str, str]]:
    """DRF's nest of lists and dicts as one list of {field, reason}; fields inside fields are joined by dots."""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            within = field if name == "non_field_errors" else f"{field}.{name}".lstrip(".")
            yield from _flat(inner, within)
    elif isinstance(detail, list | tuple):
        for place, inner in enumerate(detail):
            nested = isinstance(inner, dict) and inner
            yield from _flat(inner, f"{field}.{place}" if nested else field)
    else:
        yield {"field": field, "reason": str(detail)}
