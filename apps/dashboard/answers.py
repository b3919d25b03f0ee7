"""How a page answers: JSON with NaN as null, errors as a problem in words, fragments that carry a toast."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import quote

import msgspec
from django.http import HttpRequest, HttpResponse

from apps.domain.errors import BadInput, NotFound, RuleBroken, VeloxError

View = Callable[..., HttpResponse]


def json_answer(data: Any, status: int = 200) -> HttpResponse:
    return HttpResponse(msgspec.json.encode(data), status=status, content_type="application/json")


def problem_status(error: VeloxError) -> int:
    return 404 if isinstance(error, NotFound) else 409 if isinstance(error, RuleBroken) else 400


def json_view(view: View) -> View:
    """A VeloxError becomes a problem document with its sentence, for scripts that show it."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **named: Any) -> HttpResponse:
        try:
            return view(request, *args, **named)
        except VeloxError as error:
            body = {"code": error.code, "message": error.message, "field": error.facts.get("field")}
            return json_answer(body, problem_status(error))

    return answer


def htmx_view(view: View) -> View:
    """A VeloxError in a fragment is said in a toast; what stands on the page stays."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **named: Any) -> HttpResponse:
        try:
            return view(request, *args, **named)
        except (BadInput, RuleBroken, NotFound) as error:
            if not request.htmx:
                raise
            return HttpResponse(status=problem_status(error), headers={"X-Velox-Message": quote(error.message)})

    return answer


def with_toast(response: HttpResponse, text: str, kind: str = "good") -> HttpResponse:
    response["HX-Trigger"] = json.dumps({"velox:toast": {"text": text, "kind": kind}})
    return response
