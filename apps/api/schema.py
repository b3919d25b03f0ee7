"""The last strokes of the OpenAPI document: what every operation has in common is said once, here."""

from __future__ import annotations

import re
from typing import Any

from apps.api import editing, idempotency
from apps.api.access import People
from apps.api.door import Operation
from apps.api.problems import BY_CODE, KINDS, MEDIA_TYPE, TYPES

_ALWAYS = ("bad_input", "not_acceptable", "internal")
_METHODS = ("get", "post", "put", "patch", "delete")


def finish(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """drf-spectacular's postprocessing hook."""
    components = result.setdefault("components", {})
    components.setdefault("schemas", {})["Problem"] = _problem_schema()
    components["responses"] = {f"Problem{status}": _response(status) for status in _statuses()}
    components["headers"] = {"RequestId": _header("Follows the request through every log line.")}
    for path, methods in result["paths"].items():
        for method in _METHODS:
            if method in methods:
                _finish_one(path, method, methods[method])
    return result


def _finish_one(path: str, method: str, written: dict[str, Any]) -> None:
    told: Operation = written.pop("x-operation")
    written["x-scope"], written["x-people"] = told.scope.value, told.people.value
    first, *rest = re.split(r"(?<=[.?])\s", written["description"], maxsplit=1)
    written["summary"], written["description"] = first.rstrip("."), (rest or [first])[0].strip()
    if told.people is People.ANYBODY:
        written["security"] = []
    _describe_request(method, written, told)
    for response in written["responses"].values():
        _success(response, told)
    for status in sorted({BY_CODE[code].status for code in _codes(path, told, "requestBody" in written)}):
        written["responses"][str(status)] = {"$ref": f"#/components/responses/Problem{status}"}


def _codes(path: str, told: Operation, has_body: bool) -> set[str]:
    """Every row of the problem table the operation may answer with."""
    codes = {*_ALWAYS, *told.refusals}
    if told.people is not People.ANYBODY:
        codes |= {"unauthenticated", "forbidden"}
    if told.rate:
        codes.add("throttled")
    if "{" in path:
        codes.add("not_found")
    if has_body:
        codes |= {"malformed", "body_too_large", "unsupported_media_type"}
    if told.once:
        codes |= {"idempotency_key_missing", "idempotency_key_reused", "rule_broken"}
    if told.edits:
        codes |= {"precondition_failed", "precondition_required"}
    return codes


def _describe_request(method: str, written: dict[str, Any], told: Operation) -> None:
    parameters = written.setdefault("parameters", [])
    if told.once:
        sentence = "A key of your own making for this wish: sent again, it is answered as the first time."
        shape = {"type": "string", "pattern": idempotency.PATTERN, "minLength": 8, "maxLength": 40}
        parameters.append(_in_header(idempotency.HEADER, told.once == "required", sentence, shape))
    if told.edits:
        sentence = "The ETag of the version you read."
        parameters.append(_in_header(editing.HEADER, True, sentence, {"type": "string", "minLength": 1}))
    for parameter in parameters:
        if parameter["in"] == "path" and parameter["schema"].get("type") == "integer":
            parameter["schema"] = {"type": "integer", "minimum": 0, "maximum": 2**63 - 1}
    for content in written.get("requestBody", {}).get("content", {}).values():
        content.get("schema", {}).pop("readOnly", None)


def _success(response: dict[str, Any], told: Operation) -> None:
    response["description"] = response.get("description") or "Done."
    headers = response.setdefault("headers", {})
    headers["X-Request-ID"] = {"$ref": "#/components/headers/RequestId"}
    if told.tagged:
        headers["ETag"] = _header("Names this version; send it in If-Match to edit it.")
    if told.once:
        headers["Idempotent-Replayed"] = _header("`true` where this answer was given before.", required=False)


def _statuses() -> list[int]:
    return sorted({kind.status for kind in KINDS})


def _response(status: int) -> dict[str, Any]:
    kinds = [kind for kind in KINDS if kind.status == status]
    examples = {
        kind.code: {"value": {"type": TYPES + kind.code, "title": kind.title, "status": status, "detail": kind.meaning,
                              "instance": "/api/v1/…", "code": kind.code, "request_id": "0f6c1d2e3b4a59687f0e1d2c"}}
        for kind in kinds
    }  # fmt: skip
    response: dict[str, Any] = {
        "description": "; ".join(f"`{kind.code}`: {kind.title}" for kind in kinds),
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": examples}},
        "headers": {"X-Request-ID": {"$ref": "#/components/headers/RequestId"}},
    }
    if status == 429:
        response["headers"]["Retry-After"] = _header("Seconds to wait.", shape={"type": "integer"})
    if status == 401:
        response["headers"]["WWW-Authenticate"] = _header("How to prove who you are.", required=False)
    return response


def _problem_schema() -> dict[str, Any]:
    text = {"type": "string"}
    fault = {"type": "object", "required": ["field", "reason"], "properties": {"field": text, "reason": text}}
    return {
        "type": "object",
        "description": "RFC 9457 problem details.",
        "required": ["type", "title", "status", "detail", "instance", "code", "request_id"],
        "properties": {
            "type": {"type": "string", "description": "Where the problem is explained."},
            "title": text,
            "status": {"type": "integer"},
            "detail": {"type": "string", "description": "What happened this time, for a person."},
            "instance": {"type": "string", "description": "The path asked for."},
            "code": {"type": "string", "enum": sorted({kind.code for kind in KINDS})},
            "request_id": text,
            "errors": {"type": "array", "items": fault, "description": "Which field, and why."},
            "facts": {"type": "object", "additionalProperties": True, "description": "Numbers and names behind it."},
        },
    }


def _header(sentence: str, *, required: bool = True, shape: dict[str, str] | None = None) -> dict[str, Any]:
    return {"description": sentence, "required": required, "schema": shape or {"type": "string"}}


def _in_header(name: str, required: bool, sentence: str, shape: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": required, "description": sentence, "schema": shape}
