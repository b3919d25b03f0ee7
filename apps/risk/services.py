"""Limits are set, switches turned, decisions kept."""

from __future__ import annotations

from dataclasses import fields
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.selectors import account_tradable
from apps.audit.services import audit_record
from apps.common.rows import row_insert
from apps.domain.errors import BadInput, NotFound
from apps.domain.messages import OrderIntent
from apps.domain.risk import Decision, RiskLimits, TradingState
from apps.domain.sizing import Refusal
from apps.risk.models import KillSwitch, KillSwitchEvent, RiskDecision, RiskLimit, Scope

_NAMES = {field.name for field in fields(RiskLimits)}


@transaction.atomic
def limits_set(*, actor: User, scope: Scope, scope_id: int = 0, **limits: Decimal | int | bool | None) -> RiskLimit:
    """Replace the named limits of one scope; None takes a limit away. Raises NotFound, BadInput."""
    scope_allowed(actor, scope, scope_id)
    for name, value in limits.items():
        if name not in _NAMES:
            raise BadInput(f"there is no limit called {name}", field=name)
        if value is not None and value < 0:
            raise BadInput(f"{name} cannot be {value}", field=name)
    found = RiskLimit.objects.select_for_update().filter(scope=scope, scope_id=scope_id).first()
    before = {name: getattr(found, name, None) for name in limits}
    row, _ = RiskLimit.objects.update_or_create(scope=scope, scope_id=scope_id, defaults=limits)
    audit_record(action="limits.set", actor=actor, target=row, before=before, after=limits)
    return row


def scope_allowed(actor: User, scope: Scope, scope_id: int) -> None:
    """May the actor set limits and turn switches of this scope? Raises NotFound, as for a scope that is not there."""
    if actor.is_admin:
        return
    if scope == Scope.USER and scope_id == actor.pk and actor.may_trade:
        return
    if scope == Scope.ACCOUNT:
        account_tradable(actor=actor, account_id=scope_id)
        return
    raise NotFound(f"no {scope} scope {scope_id} of yours", scope=scope, scope_id=scope_id)


@transaction.atomic
def switch_turn(*, actor: User, scope: Scope, scope_id: int, state: TradingState, reason: str) -> KillSwitch:
    """Set the trading state of one scope and keep who did it and why."""
    scope_allowed(actor, scope, scope_id)
    if scope not in (Scope.INSTALLATION, Scope.USER, Scope.ACCOUNT):
        raise BadInput(f"a {scope} has no kill switch", field="scope")
    before = KillSwitch.objects.filter(scope=scope, scope_id=scope_id).values_list("state", flat=True).first()
    defaults: dict[str, Any] = {"state": state, "reason": reason[:300], "changed_by": actor}
    switch, _ = KillSwitch.objects.update_or_create(scope=scope, scope_id=scope_id, defaults=defaults)
    if state is TradingState.HALTED:
        switch.pulls += 1
        switch.save(update_fields=["pulls"])
    KillSwitchEvent.objects.create(switch=switch, state=state, reason=reason[:300], actor=actor)
    audit_record(
        action="switch.pulled" if state is TradingState.HALTED else "switch.armed",
        actor=actor,
        target=switch,
        before={"state": before or TradingState.TRADING},
        after={"state": state, "reason": switch.reason},
    )
    return switch


def decision_store(intent: OrderIntent, decision: Decision, *, flatten: bool = False) -> RiskDecision:
    """Keep an answer of the door. Call inside the transaction of what follows from it."""
    return _keep(
        client_order_id=intent.client_order_id,
        account_id=intent.account_id,
        allowed=decision.order is not None,
        code=decision.code,
        reason=decision.reason[:300],
        numbers=[[seen.rule, _plain(seen.limit), _plain(seen.seen)] for seen in decision.numbers],
        flatten=flatten,
        at_ns=decision.at_ns,
    )


def refusal_store(client_order_id: str, account_id: int, at_ns: int, refusal: Refusal) -> RiskDecision:
    """Keep a wish that could not even be sized."""
    return _keep(
        client_order_id=client_order_id,
        account_id=account_id,
        allowed=False,
        code=refusal.code,
        reason=refusal.reason[:300],
        numbers=[list(number) for number in refusal.numbers],
        flatten=False,
        at_ns=at_ns,
    )


def _keep(*, account_id: int, **facts: Any) -> RiskDecision:
    facts["created_at"] = timezone.now()
    key = row_insert(RiskDecision, account=account_id, **facts)
    return RiskDecision(pk=key, account_id=account_id, **facts)


def _plain(number: Decimal | int | float | str | None) -> str | int | float | None:
    return f"{number:f}" if isinstance(number, Decimal) else number
