"""Every error the API can answer with: stable code, HTTP status, title, what it means.

Bodies are RFC 9457 problem details. The table is the one place that knows which status an error of
the domain's tree has over HTTP; docs/api.md shows it and a test keeps the two the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from rest_framework.request import Request
from rest_framework.response import Response

from apps.domain.errors import VeloxError

MEDIA_TYPE: Final = "application/problem+json"
TYPES: Final = "/api/v1/problems/"


@dataclass(frozen=True, slots=True)
class Kind:
    """One row of the table. `code` is stable; `retry_s`: when trying the same again may help, None: it will not."""

    code: str
    status: int
    title: str
    meaning: str
    retry_s: int | None = None


KINDS: Final = (
    # what a request itself may have wrong
    Kind("malformed", 400, "The body is not JSON", "Send one JSON object in UTF-8, without NaN or Infinity."),
    Kind("bad_input", 400, "A value cannot be used", "`errors` names each field and what is wrong with it."),
    Kind(
        "idempotency_key_missing",
        400,
        "The request needs a key",
        "Send `Idempotency-Key`: 8 to 40 letters, digits or `._:-`, a new one for each thing you want done.",
    ),
    Kind("unauthenticated", 401, "Nobody is logged in", "Send a valid access token, API key or session."),
    Kind("forbidden", 403, "This is not allowed", "The role or the scopes of the key do not reach this operation."),
    Kind("not_found", 404, "There is no such thing", "It does not exist, or it is not yours: the two look the same."),
    Kind("method_not_allowed", 405, "This method is not offered here", "`Allow` lists those that are."),
    Kind("not_acceptable", 406, "No such representation", "Answers are JSON: accept `application/json`."),
    Kind("body_too_large", 413, "The body is too large", "A request may have up to 64 KiB."),
    Kind("unsupported_media_type", 415, "Not a type we read", "Send `Content-Type: application/json`."),
    Kind(
        "idempotency_key_reused",
        422,
        "The key was used for another request",
        "A key stands for one request. Use a new key for a new wish.",
    ),
    Kind("throttled", 429, "Too many requests", "`Retry-After` says in how many seconds to come back."),
    Kind("too_often", 429, "Tried too often", "The name or the address is locked; `Retry-After` says for how long."),
    # two people editing the same thing
    Kind("precondition_failed", 412, "It has changed meanwhile", "Read it again and send its new ETag in `If-Match`."),
    Kind("precondition_required", 428, "Say which version you edit", "Send the ETag you read in `If-Match`."),
    # what the rules and the world may say
    Kind("rule_broken", 409, "The rules forbid this", "Asking again unchanged will not help."),
    Kind("illegal_transition", 409, "It cannot go there from where it is", "Read its state; it may have ended."),
    Kind("risk_refused", 409, "The risk door said no", "`facts` has the rule and the numbers it saw."),
    Kind("bad_data", 422, "Market data that cannot be true", "Nothing was changed."),
    Kind("broker_rejected", 422, "The broker said no", "The broker's words are in `detail`."),
    Kind("broker_unavailable", 503, "The broker cannot be reached", "Nothing was sent; try again.", retry_s=5),
    Kind("outcome_unknown", 504, "No answer came back", "It left and is being looked up. Do not send it again."),
    Kind("misconfigured", 503, "The operator has to act first", "Tell whoever runs this installation.", retry_s=60),
    Kind("error", 500, "Something went wrong", "Tell whoever runs this installation, with the `request_id`."),
    Kind("internal", 500, "Something broke on our side", "It has been noted. Quote the `request_id` when you ask."),
)
BY_CODE: Final = {kind.code: kind for kind in KINDS}


class Refused(Exception):
    """A row of the problem table that is raised by the door itself."""

    def __init__(self, code: str, detail: str = "", **more: Any) -> None:
        super().__init__(detail)
        self.code, self.detail, self.more = code, detail, more


def kind_of(error: VeloxError) -> Kind:
    """The row of an error, or of the nearest branch above it that has one."""
    for branch in type(error).__mro__:
        found = BY_CODE.get(getattr(branch, "code", ""))
        if found is not None:
            return found
    return BY_CODE["error"]


def problem(
    request: Request | Any,
    code: str,
    detail: str = "",
    *,
    errors: Sequence[dict[str, str]] = (),
    facts: dict[str, Any] | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    """The answer for one row of the table. `errors`: field, reason; `facts`: the numbers and names behind it."""
    kind = BY_CODE[code]
    body: dict[str, Any] = {
        "type": TYPES + kind.code,
        "title": kind.title,
        "status": kind.status,
        "detail": detail or kind.meaning,
        "instance": request.path,
        "code": kind.code,
        "request_id": getattr(request, "request_id", ""),
    }
    if errors:
        body["errors"] = list(errors)
    if facts:
        body["facts"] = facts
    headers = dict(headers or {})
    if kind.retry_s is not None:
        headers.setdefault("Retry-After", str(kind.retry_s))
    return Response(body, status=kind.status, headers=headers, content_type=MEDIA_TYPE)


def problem_of(request: Request | Any, error: VeloxError) -> Response:
    """The answer for an error of the domain's tree."""
    field = error.facts.get("field")
    shown = {} if kind_of(error).code == "not_found" else plain_facts(error)
    errors = [{"field": str(field), "reason": error.message}] if field else []
    wait_s = error.facts.get("retry_after_s")
    headers = {"Retry-After": str(wait_s)} if wait_s else None
    return problem(request, kind_of(error).code, error.message, errors=errors, facts=shown, headers=headers)


def plain_facts(error: VeloxError) -> dict[str, Any]:
    """The facts that are plain values; the field is told under `errors`."""
    kinds = (str, int, float, list, tuple)
    return {name: value for name, value in error.facts.items() if name != "field" and isinstance(value, kinds)}
