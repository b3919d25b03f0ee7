"""Limits and trading states that hold for an order, and the door's decisions."""

from __future__ import annotations

from dataclasses import fields, replace

from django.db.models import Q, QuerySet

from apps.accounts.models import User
from apps.accounts.selectors import account_list
from apps.domain.risk import SAFE, RiskLimits, TradingState, limits_stack, strictest_state
from apps.risk.models import KillSwitch, RiskDecision, RiskLimit, Scope


def limits_for(
    *, user_id: int, account_id: int, instrument: int, run_id: int | None, base: RiskLimits = SAFE
) -> RiskLimits:
    """The strictest of all scopes an order touches. `base` holds where the installation's own row says nothing."""
    touched = _scopes({Scope.USER: user_id, Scope.ACCOUNT: account_id, Scope.RUN: run_id, Scope.INSTRUMENT: instrument})
    scopes = {(row.scope, row.scope_id): row.to_domain() for row in RiskLimit.objects.filter(touched)}
    installation = limits_filled(scopes.pop((Scope.INSTALLATION, 0), RiskLimits()), base)
    return limits_stack(installation, *scopes.values())


def limits_filled(limits: RiskLimits, base: RiskLimits) -> RiskLimits:
    """`limits`, and `base` where they say nothing."""
    said = {field.name: value for field in fields(limits) if (value := getattr(limits, field.name)) is not None}
    return replace(base, **said)


def state_for(*, user_id: int, account_id: int) -> TradingState:
    """The strictest of the installation's, the user's and the account's switches."""
    states = KillSwitch.objects.filter(_scopes({Scope.USER: user_id, Scope.ACCOUNT: account_id}))
    return strictest_state(*(TradingState(state) for state in states.values_list("state", flat=True)))


def _scopes(keys: dict[Scope, int | None]) -> Q:
    touched = Q(scope=Scope.INSTALLATION, scope_id=0)
    for scope, key in keys.items():
        if key is not None:
            touched |= Q(scope=scope, scope_id=key)
    return touched


def switch_list(*, actor: User) -> QuerySet[KillSwitch]:
    """Switches that concern the actor: the installation's, the own, those of the accounts seen; an admin's are all."""
    switches = KillSwitch.objects.select_related("changed_by")
    if actor.is_admin:
        return switches
    accounts = account_list(actor=actor).values("pk")
    return switches.filter(
        Q(scope=Scope.INSTALLATION)
        | Q(scope=Scope.USER, scope_id=actor.pk)
        | Q(scope=Scope.ACCOUNT, scope_id__in=accounts)
    )


def decision_list(*, actor: User, account_id: int | None = None) -> QuerySet[RiskDecision]:
    """The door's answers on accounts the actor may see, newest first."""
    decisions = RiskDecision.objects.select_related("account")
    if not actor.is_admin:
        decisions = decisions.filter(account__in=account_list(actor=actor).values("pk"))
    return decisions if account_id is None else decisions.filter(account_id=account_id)


def decision_find(client_order_id: str) -> RiskDecision | None:
    """The first answer this id was given, None for a wish that is new."""
    return RiskDecision.objects.filter(client_order_id=client_order_id).first()
