"""What comes through a webhook: counted, proven, read, and put before the one risk door.

A delivery and its order stand or fall together. The same wish has the same ticket key however often it
comes, so it is one order: by the sender's own id, or by its body within a minute.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.selectors import account_tradable
from apps.audit.services import audit_record
from apps.common.rates import rate_take
from apps.domain.errors import BadInput, NotFound, RuleBroken, VeloxError
from apps.execution.services import Ticket, ticket_submit
from apps.instruments.models import Instrument
from apps.instruments.selectors import instrument_by_alias
from apps.risk.models import RiskDecision
from apps.webhooks.models import Verdict, Webhook, WebhookDelivery
from apps.webhooks.selectors import delivery_get
from apps.webhooks.signatures import signature_fault
from apps.webhooks.wishes import Wish, wish_read

log = structlog.get_logger("velox.webhooks")

LARGEST: Final = 16 * 1024  # bytes of a body
WINDOW_S: Final = 60
LATE: Final = timedelta(seconds=30)  # a body sent again just after the minute turned is still the same wish
FEED: Final = "tradingview"  # whose aliases of instruments a sender's symbols are looked up in first
StatusOf = Callable[[VeloxError], tuple[str, int]]
"""(stable code, HTTP status) of an error; known to the door, not to services."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """One request: its body (None: larger than LARGEST), the signature header, and the headers worth keeping."""

    body: bytes | None
    address: str = ""
    signature: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    at: datetime = field(default_factory=timezone.now)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the sender is told. `code` empty: done. `delivery` None: too many came to keep them all."""

    delivery: WebhookDelivery | None
    status: int
    code: str = ""
    detail: str = ""
    field: str = ""
    decision: RiskDecision | None = None
    wait_s: int = 0


def delivery_take(*, hook: Webhook, arrival: Arrival, status_of: StatusOf) -> Outcome:
    """Everything that may happen to a body that came to the right address. Raises nothing of VeloxError's tree."""
    taken = rate_take(f"hook:{hook.pk}", WINDOW_S)
    if taken.used > hook.per_minute:
        told = Outcome(None, 429, "throttled", f"at most {hook.per_minute} a minute come through", wait_s=taken.wait_s)
        return told if taken.used > 2 * hook.per_minute else _kept(hook, arrival, Verdict.THROTTLED, told)
    if arrival.body is None:
        told = Outcome(None, 413, "body_too_large", f"a body has at most {LARGEST // 1024} KiB", "body")
        return _kept(hook, arrival, Verdict.INVALID, told)
    if arrival.signature or hook.signed_only:
        fault = signature_fault(arrival.signature, hook.signing_key, arrival.body, arrival.at.timestamp())
        if fault:
            return _kept(hook, arrival, Verdict.UNSIGNED, Outcome(None, 401, "unauthenticated", fault))
    return _act(hook, arrival, status_of)


def delivery_replay(*, actor: User, delivery_id: int, status_of: StatusOf) -> Outcome:
    """The same body once more, as if it had come now; what it led to already it will not do again.

    Raises NotFound, RuleBroken for a hook that is off and for what was not proven to be the sender's.
    """
    first = delivery_get(actor=actor, delivery_id=delivery_id)
    first = first.replay_of or first  # a replay of a replay is one of the original: the same key
    if not first.may_replay:
        raise RuleBroken("this delivery was not understood or not proven to be the sender's: it cannot be replayed")
    if not first.hook.is_active:
        raise RuleBroken("the webhook is switched off; switch it on first")
    with transaction.atomic():
        arrival = Arrival(first.body.encode(), first.address, headers=first.headers, at=first.received_at)
        outcome = _act(first.hook, arrival, status_of, replay_of=first)
        audit_record(action="webhook.replayed", actor=actor, target=first.hook, after={"delivery": first.pk})
    return outcome


def delivery_broke(*, hook: Webhook, arrival: Arrival) -> None:
    """Something of ours raised: the body is kept, so that its owner can replay it."""
    _kept(hook, arrival, Verdict.FAILED, Outcome(None, 500, "internal", "something broke on our side"))


def _act(hook: Webhook, arrival: Arrival, status_of: StatusOf, *, replay_of: WebhookDelivery | None = None) -> Outcome:
    try:
        wish = wish_read(arrival.body or b"")
    except BadInput as error:
        return _kept(hook, arrival, Verdict.INVALID, _refusal(error, status_of), replay_of=replay_of)
    with transaction.atomic():
        Webhook.objects.select_for_update().get(pk=hook.pk)  # one at a time, so that two of a kind see each other
        key, first = _first(hook, wish, arrival)
        if first is not None and first.body_hash != _hash(arrival):
            told = Outcome(None, 422, "idempotency_key_reused", f"id {wish.id} came before, with another body", "id")
            return _kept(hook, arrival, Verdict.INVALID, told, replay_of=replay_of)
        if first is not None and first.decision is not None:
            told = _answer(first.decision, repeated=True)
            return _kept(hook, arrival, Verdict.REPEATED, told, key, replay_of)
        try:
            decision = ticket_submit(actor=hook.owner, ticket=_ticket(hook, wish, key))
        except VeloxError as error:
            return _kept(hook, arrival, Verdict.FAILED, _refusal(error, status_of), key, replay_of)
        verdict = Verdict.PLACED if decision.allowed else Verdict.REFUSED
        return _kept(hook, arrival, verdict, _answer(decision), key, replay_of)


def _first(hook: Webhook, wish: Wish, arrival: Arrival) -> tuple[str, WebhookDelivery | None]:
    """The wish's ticket key, and the delivery that had it decided already."""
    decided = hook.deliveries.filter(verdict__in=(Verdict.PLACED, Verdict.REFUSED)).select_related("decision")
    if wish.id:
        key = _key(hook, f"id:{wish.id}")
        return key, decided.filter(key=key).order_by("pk").first()
    minute = int(arrival.at.timestamp()) // 60
    key = _key(hook, f"body:{_hash(arrival)}:{minute}")
    before = _key(hook, f"body:{_hash(arrival)}:{minute - 1}")
    late = decided.filter(key=before, received_at__range=(arrival.at - LATE, arrival.at)).order_by("pk").first()
    return (before, late) if late is not None else (key, decided.filter(key=key).order_by("pk").first())


def _key(hook: Webhook, words: str) -> str:
    return f"h{hook.public_id}-{hashlib.sha256(words.encode()).hexdigest()[:24]}"


def _hash(arrival: Arrival) -> str:
    return hashlib.sha256(arrival.body or b"").hexdigest()


def _ticket(hook: Webhook, wish: Wish, key: str) -> Ticket:
    try:
        account_tradable(actor=hook.owner, account_id=hook.account_id)
    except NotFound:
        raise RuleBroken("the account is closed, or its owner may not trade any more") from None
    return Ticket(
        account_id=hook.account_id,
        instrument=_instrument(hook, wish).number,
        side=wish.side,
        qty=wish.qty,
        key=key,
        order_type=wish.order_type,
        limit_price=wish.limit_price,
        trigger_price=wish.trigger_price,
        validity=wish.validity,
        exit=wish.exit,
        tag=f"webhook {hook.public_id}",
    )


def _instrument(hook: Webhook, wish: Wish) -> Instrument:
    if not wish.symbol and hook.instrument is None:
        raise BadInput("symbol is missing, and the webhook has no instrument of its own", field="symbol")
    try:
        named = instrument_by_alias(FEED, wish.symbol) if wish.symbol else hook.instrument
    except NotFound as error:
        raise BadInput(error.message, field="symbol") from None
    if hook.instrument is not None and named != hook.instrument:
        raise BadInput(f"this webhook trades {hook.instrument.symbol} only", field="symbol")
    if not named.is_active:
        raise BadInput(f"{named.symbol} is not traded any more", field="symbol")
    return named


def _answer(decision: RiskDecision, *, repeated: bool = False) -> Outcome:
    if not decision.allowed:
        return Outcome(None, 409, "risk_refused", decision.reason, decision=decision)
    return Outcome(None, 200 if repeated else 201, decision=decision)


def _refusal(error: VeloxError, status_of: StatusOf) -> Outcome:
    code, status = status_of(error)
    return Outcome(None, status, code, error.message, str(error.facts.get("field", "")))


def _kept(
    hook: Webhook,
    arrival: Arrival,
    verdict: Verdict,
    told: Outcome,
    key: str = "",
    replay_of: WebhookDelivery | None = None,
) -> Outcome:
    """The row of the log, and the outcome with it."""
    body = (arrival.body or b"").decode("utf-8", "replace").replace("\x00", "\ufffd")
    delivery = WebhookDelivery(
        hook=hook,
        received_at=timezone.now() if replay_of else arrival.at,
        address=arrival.address[:64],
        headers=arrival.headers,
        body=body,
        body_hash=_hash(arrival),
        key=key,
        verdict=verdict,
        status=told.status,
        code=told.code,
        error=told.detail[:500],
        decision=told.decision,
        replay_of=replay_of,
    )
    delivery.save()
    log.info("delivery", hook=hook.public_id, delivery=delivery.pk, verdict=verdict.value, code=told.code)
    return Outcome(delivery, told.status, told.code, told.detail, told.field, told.decision, told.wait_s)
