"""What belongs to no resource: health, the table of problems, the schema's pages, and whatever is not there."""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api.access import People, Scope
from apps.api.door import Door, operation
from apps.api.problems import KINDS
from apps.common import health

SERVICE = "Service"


class HealthOut(serializers.Serializer):
    status = serializers.ChoiceField(choices=["ready", "not ready"])
    checks = serializers.DictField(child=serializers.CharField(), help_text="Check -> ok, or why it is not.")


class Health(Door):
    @operation("health_get", SERVICE, Scope.MARKET, people=People.ANYBODY, answer=HealthOut)
    def get(self, request: Request, said: dict[str, Any]) -> dict[str, Any]:
        """Is everything this installation needs in place? Always 200: probes use /health/ready."""
        checks = {name: reason or "ok" for name, reason in health.report().items()}
        return {"status": "ready" if all(each == "ok" for each in checks.values()) else "not ready", "checks": checks}


class KindOut(serializers.Serializer):
    code = serializers.CharField()
    status = serializers.IntegerField()
    title = serializers.CharField()
    meaning = serializers.CharField()


class Problems(Door):
    @operation("problems_list", SERVICE, Scope.MARKET, people=People.ANYBODY, answer=KindOut, many=True)
    def get(self, request: Request, said: dict[str, Any]) -> list[Any]:
        """Every error this API answers with; `type` of a problem points below here."""
        return list(KINDS)


class OneProblem(Door):
    @operation("problems_get", SERVICE, Scope.MARKET, people=People.ANYBODY, answer=KindOut)
    def get(self, request: Request, said: dict[str, Any], code: str) -> Any:
        """One error and what to do about it."""
        found = next((kind for kind in KINDS if kind.code == code), None)
        if found is None:
            raise NotFound
        return found


@require_safe
def schema(request: HttpRequest) -> HttpResponse:
    """The OpenAPI document, the same for everybody."""
    return HttpResponse(document(), content_type="application/vnd.oai.openapi+json")


@cache
def document() -> bytes:
    """Made once: nothing in it changes while a process lives."""
    made = SchemaGenerator(api_version="v1").get_schema(request=None, public=True)
    return msgspec.json.encode(made)


@extend_schema(exclude=True)
class Nothing(Door):
    """Every other path below /api: a problem document rather than a page."""

    authentication_classes = []

    def initial(self, request: Request, *args: Any, **named: Any) -> None:
        raise NotFound

    def get(self, request: Request, *args: Any, **named: Any) -> Response:
        raise NotFound


@require_safe
def swagger(request: HttpRequest) -> HttpResponse:
    return _page(request, "api/swagger.html")


@require_safe
def redoc(request: HttpRequest) -> HttpResponse:
    return _page(request, "api/redoc.html")


def _page(request: HttpRequest, template: str) -> HttpResponse:
    """Both draw with styles of their own making, which carry the page's nonce: see API_PAGES_CSP."""
    response = render(request, template)
    response._csp_config = settings.API_PAGES_CSP  # type: ignore[attr-defined]
    return response
