"""Where a request came from, for whoever has to write it down: known all along a request, empty outside one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace

from django.conf import settings
from django.http import HttpRequest


@dataclass(frozen=True, slots=True)
class RequestFacts:
    """`via`: how the caller proved who they are, where it was not a session, e.g. "api key 1f3a90bc"."""

    request_id: str = ""
    address: str = ""
    agent: str = ""
    via: str = ""


_NOWHERE = RequestFacts()
_facts: ContextVar[RequestFacts] = ContextVar("velox_request_facts", default=_NOWHERE)


def request_facts() -> RequestFacts:
    """Those of the request this code runs in; all empty in a stage, a task or a command."""
    return _facts.get()


def request_via(word: str) -> None:
    """Remember until the request ends how its caller was known."""
    _facts.set(replace(_facts.get(), via=word))


@contextmanager
def request_facts_bound(facts: RequestFacts) -> Iterator[None]:
    _facts.set(facts)
    try:
        yield
    finally:
        _facts.set(_NOWHERE)


def facts_of(request: HttpRequest, request_id: str = "") -> RequestFacts:
    agent = request.META.get("HTTP_USER_AGENT", "")
    return RequestFacts(request_id, client_address(request), agent[:300])


def client_address(request: HttpRequest) -> str:
    """Who opened the connection; behind our own proxy, whom that proxy saw.

    Only the last X-Forwarded-For entry is believed: it is the proxy's own, all before it are the caller's words.
    """
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "") if settings.BEHIND_PROXY else ""
    return forwarded.rpartition(",")[2].strip() or request.META.get("REMOTE_ADDR", "")
