"""Pages about oneself: coming in, joining, a lost password, one's own security and keys."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from apps.domain.errors import BadInput, RuleBroken, TooOften, VeloxError

REFUSALS = (BadInput, RuleBroken)


def guarded(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Never kept by a cache, and never in an error report with what was typed."""
    return wraps(view)(never_cache(sensitive_post_parameters()(view)))


def answer(
    request: HttpRequest, template: str, context: dict[str, Any], refused: VeloxError | None = None
) -> HttpResponse:
    """The page; 429 with Retry-After where it is refused for being asked too often, 200 otherwise."""
    page = render(request, template, context)
    if isinstance(refused, TooOften):
        page.status_code = 429
        page["Retry-After"] = str(refused.facts["retry_after_s"])
    return page


def origin(request: HttpRequest) -> str:
    """Scheme and host of this page; the host is one of ALLOWED_HOSTS."""
    return f"{request.scheme}://{request.get_host()}"
