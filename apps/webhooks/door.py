"""The address senders post to. Answers are JSON, errors problem documents; the secret is in none of them."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpRequest
from django.views.decorators.csrf import csrf_exempt
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.api.problems import kind_of, problem
from apps.api.wire import Json
from apps.common.requests import client_address, request_via
from apps.common.scrub import hidden
from apps.domain.errors import NotFound, VeloxError
from apps.orders.selectors import order_by_client_id
from apps.webhooks.models import Verdict
from apps.webhooks.services import Arrival, Outcome, delivery_broke, delivery_take, hook_authenticate
from apps.webhooks.services.deliveries import LARGEST
from apps.webhooks.signatures import HEADER

_KEPT: Final = ("Content-Type", "User-Agent", "X-Request-ID")
_TYPES: Final = ("application/json", "text/plain")  # TradingView says text when it doubts its own JSON


def status_of(error: VeloxError) -> tuple[str, int]:
    kind = kind_of(error)
    return kind.code, kind.status


class Hook(APIView):
    """No login: the address is the key. Closed to everything but POST."""

    authentication_classes: tuple[Any, ...] = ()
    permission_classes: tuple[Any, ...] = ()
    throttle_classes: tuple[Any, ...] = ()  # counted per hook, by the service
    renderer_classes = (Json,)
    schema = None  # not an operation of the REST API

    def perform_content_negotiation(self, request: Request, force: bool = False) -> tuple[Any, str]:
        return Json(), Json.media_type  # whatever a sender says it accepts

    def post(self, request: Request, public_id: str, secret: str) -> Response:
        plain = request._request
        try:
            hook = hook_authenticate(public_id=public_id, secret=secret, address=client_address(plain))
        except NotFound as error:
            return problem(_Masked(plain), "not_found", error.message)
        request_via(f"webhook {hook.public_id}")
        if (request.content_type or "").partition(";")[0].strip().lower() not in _TYPES:
            return problem(_Masked(plain), "unsupported_media_type", f"send {' or '.join(_TYPES)}")
        arrival = _arrival(plain)
        try:
            outcome = delivery_take(hook=hook, arrival=arrival, status_of=status_of)
        except Exception:  # the body is kept for a replay; what broke is told and logged by the handler above us
            delivery_broke(hook=hook, arrival=arrival)
            raise
        return answer(plain, outcome)

    def handle_exception(self, error: Exception) -> Response:
        self.request.path = hidden(self.request.path)  # what the handler logs and answers
        return super().handle_exception(error)


class _Masked:
    """The request, as a problem document may name it."""

    def __init__(self, request: HttpRequest) -> None:
        self.path = hidden(request.path)
        self.request_id = getattr(request, "request_id", "")


def _arrival(request: HttpRequest) -> Arrival:
    declared = request.META.get("CONTENT_LENGTH") or "0"
    body = None if declared.isdecimal() and int(declared) > LARGEST else request.read(LARGEST + 1)
    return Arrival(
        body=None if body is None or len(body) > LARGEST else body,
        address=client_address(request),
        signature=request.headers.get(HEADER, ""),
        headers={name: _clean(request.headers[name]) for name in (*_KEPT, HEADER) if name in request.headers},
    )


def _clean(text: str) -> str:
    return "".join(each for each in text if each.isprintable())[:200]


def answer(request: HttpRequest, outcome: Outcome) -> Response:
    """201 for an order that is new, 200 for one that was there already, else the problem."""
    headers = {"Retry-After": str(outcome.wait_s)} if outcome.wait_s else {}
    if outcome.code:
        errors = [{"field": outcome.field, "reason": outcome.detail}] if outcome.field else []
        facts: dict[str, Any] = {"delivery": outcome.delivery.pk} if outcome.delivery else {}
        if outcome.decision is not None:
            facts["rule"] = outcome.decision.code
        return problem(_Masked(request), outcome.code, outcome.detail, errors=errors, facts=facts, headers=headers)
    assert outcome.delivery is not None and outcome.decision is not None
    order = order_by_client_id(outcome.decision.client_order_id)
    body = {
        "delivery": outcome.delivery.pk,
        "repeated": outcome.delivery.verdict == Verdict.REPEATED,
        "order": order.pk,
        "client_order_id": order.client_order_id,
        "status": order.status,
    }
    return Response(body, status=outcome.status)


hook = csrf_exempt(Hook.as_view())
