"""Walking the URLconf: what addresses there are, who asks, and what each is answered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from tests.integration.api.market import Open

ACTORS = ("admin", "trader", "stranger", "investor", "outsider", "anonymous")


@dataclass(frozen=True, slots=True)
class Address:
    """One pattern of the URLconf. `name` has its namespaces before it, `route` all that stands above it."""

    name: str
    route: str


def addresses() -> list[Address]:
    return list(_walk(get_resolver().url_patterns, "", ""))


def _walk(patterns: list[Any], above: str, space: str) -> Iterator[Address]:
    for pattern in patterns:
        route = above + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            inner = f"{space}{pattern.namespace}:" if pattern.namespace else space
            yield from _walk(pattern.url_patterns, route, inner)
        elif isinstance(pattern, URLPattern):
            yield Address(f"{space}{pattern.name}", route)


def client_of(market: Open, actor: str) -> Client:
    """Somebody's browser; `anonymous` is nobody's."""
    client = Client(raise_request_exception=False)
    if actor != "anonymous":
        client.force_login(getattr(market, actor))
    return client


def asked(client: Client, method: str, url: str, data: Any = None) -> HttpResponse:
    """The answer; whatever it changed is taken back."""
    with transaction.atomic():
        answer = getattr(client, method)(url, data)
        if hasattr(answer, "render"):
            answer.render()  # drawn before the change is taken back
        transaction.set_rollback(True)
    return answer
