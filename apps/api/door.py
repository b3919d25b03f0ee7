"""The base of every resource: an operation says in one place who may use it, what it takes and what it answers.

`@operation(...)` checks query and body before the method runs, pages and writes the answer after it,
and hands the same words to the OpenAPI document; a method is left with one call of a service or selector.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, wraps
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.api import idempotency
from apps.api.access import People, Scope
from apps.api.fields import Said
from apps.api.pages import PageQuery, Paging, PerAccount


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one resource.

    `rate`: its row in settings.API_RATES, None is never throttled. `once`: "required" or "accepted", whether an
    Idempotency-Key is wanted; `steps`: it commits by itself, step by step. `edits`: wants If-Match.
    `refusals`: codes of the problem table it may answer with beyond the usual ones.
    """

    name: str
    tag: str
    scope: Scope
    people: People = People.USERS
    query: type[serializers.Serializer] | None = None
    body: type[serializers.Serializer] | None = None
    answer: type[serializers.Serializer] | None = None
    status: int = 200
    many: bool = False
    paging: Paging | None = None
    rate: str | None = "read"
    once: str = ""
    steps: bool = False
    edits: bool = False
    tagged: bool = False
    refusals: tuple[str, ...] = ()
    examples: tuple[tuple[str, dict[str, Any]], ...] = ()


class Door(APIView):
    metadata_class = None

    def get_authenticators(self) -> list[Any]:
        """None where anybody may come: a stale token in the header is no reason to refuse a login."""
        operation = self.operation() if getattr(self, "request", None) is not None else None
        open_to_all = operation is not None and operation.people is People.ANYBODY
        return [] if open_to_all else super().get_authenticators()

    def operation(self) -> Operation | None:
        method = (self.request.method or "").lower()
        handler = getattr(self, "get" if method == "head" else method, None)
        return getattr(handler, "operation", None)

    def rate_name(self) -> str | None:
        operation = self.operation()
        return operation.rate if operation else None

    def options(self, request: Request, *args: Any, **named: Any) -> Response:
        return self.http_method_not_allowed(request)

    @property
    def allowed_methods(self) -> list[str]:
        return [name for name in super().allowed_methods if name != "OPTIONS"]


def operation(
    name: str, tag: str, scope: Scope, **facts: Any
) -> Callable[[Callable[..., Any]], Callable[..., Response]]:
    """Make a method an operation. The method gets `said`: what query and body hold, checked and in type.

    It returns rows or a thing for the answer's serializer, or a Response of its own.
    """
    told = Operation(name, tag, scope, **facts)

    def decorate(method: Callable[..., Any]) -> Callable[..., Response]:
        @wraps(method)
        def answer(view: Door, request: Request, **path: Any) -> Response:
            said = _query(told, request) | _body(told, request)
            key = idempotency.key_of(request, required=told.once == "required") if told.once else None

            def act() -> Response:
                return _respond(told, method(view, request, said, **path), said)

            return act() if key is None else idempotency.once(request, key, act, atomic=not told.steps)

        described = extend_schema(**_described(told))(answer)
        described.operation = told  # type: ignore[attr-defined]
        return described

    return decorate


def _query(told: Operation, request: Request) -> dict[str, Any]:
    asked = query_of(told)()
    # As a plain dict: of a form, DRF takes a flag that is left out for one that is not set.
    given: dict[str, Any] = {}
    for name, values in request.query_params.lists():
        many = isinstance(asked.fields.get(name), serializers.ListField)
        if len(values) > 1 and not many:
            raise serializers.ValidationError({name[:60]: ["Say it once."]})
        given[name] = values if many else values[-1]
    asked = query_of(told)(data=given)
    asked.is_valid(raise_exception=True)
    return dict(asked.validated_data)


def _body(told: Operation, request: Request) -> dict[str, Any]:
    if told.body is None:
        return {}
    asked = told.body(data=request.data, partial=request.method == "PATCH")
    asked.is_valid(raise_exception=True)
    return dict(asked.validated_data)


def _respond(told: Operation, found: Any, said: dict[str, Any]) -> Response:
    if isinstance(found, Response):
        return found
    if told.answer is None:
        return Response(found, status=told.status if found is not None else 204)
    if not told.many:
        return Response(told.answer(found).data, status=told.status)
    cursor = None
    if told.paging is not None and isinstance(found, QuerySet | PerAccount):
        found, cursor = told.paging.page(found, said)
    return Response({"results": told.answer(found, many=True).data, "next": cursor}, status=told.status)


def query_of(told: Operation) -> type[serializers.Serializer]:
    """The operation's own query and, for a list by pages, `limit`, `cursor` and `ordering`."""
    return _query_type(told.query, told.paging and tuple(told.paging.choices), told.paging and told.paging.default)


@cache
def _query_type(
    own: type[serializers.Serializer] | None, choices: tuple[str, ...] | None, default: str | None
) -> type[serializers.Serializer]:
    bases: tuple[type, ...] = (own,) if own else (Said,)
    if choices is None:
        return bases[0] if own else type("NoQuery", (Said,), {})
    ordering = serializers.ChoiceField(choices=choices, default=default, help_text="`-` begins with the largest.")
    return type(f"{own.__name__ if own else 'Plain'}Page", (*bases, PageQuery), {"ordering": ordering})


@cache
def page_type(answer: type[serializers.Serializer]) -> type[serializers.Serializer]:
    name = answer.__name__.removesuffix("Out")
    following = serializers.CharField(allow_null=True, help_text="Cursor of the next page; null at the end.")
    return type(f"{name}List", (serializers.Serializer,), {"results": answer(many=True), "next": following})


def _described(told: Operation) -> dict[str, Any]:
    answer: Any = told.answer
    if answer is not None and told.many:
        answer = page_type(answer)
    return {
        "operation_id": told.name,
        "tags": [told.tag],
        "parameters": [query_of(told)] if query_of(told)().fields else [],
        "request": told.body,
        "responses": {told.status if answer is not None else 204: answer},
        "examples": [
            OpenApiExample(title, value=value, request_only=True, response_only=False) for title, value in told.examples
        ],
        "extensions": {"x-operation": told},
    }
