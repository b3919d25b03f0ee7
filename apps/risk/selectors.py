"""Limits and trading states that hold for an order, and the door's decisions."""

from __future__ import annotations

from dataclasses import fields, replace
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet

from apps.accounts.models import User
from apps.accounts.selectors import account_list
from apps.common.fields import ExactDecimalField
from apps.common.rows import rows
from apps.domain.errors import NotFound
from apps.domain.risk import SAFE, RiskLimits, TradingState, limits_stack, strictest_state
from apps.risk.models import KillSwitch, RiskDecision, RiskLimit, Scope
from apps.strategies.selectors import run_list

_NAMES = [field.name for field in fields(RiskLimits)]
_MONEY = {field.name for field in RiskLimit._meta.get_fields() if isinstance(field, ExactDecimalField)}
_SCOPES = "(scope = 'installation' AND scope_id = 0) OR (scope = %s AND scope_id = %s)"
_LIMITS = f"SELECT scope, {', '.join(_NAMES)} FROM {RiskLimit._meta.db_table} WHERE {_SCOPES}" + (  # noqa: S608
    " OR (scope = %s AND scope_id = %s)" * 3
)
_STATES = f"SELECT state FROM {KillSwitch._meta.db_table} WHERE {_SCOPES} OR (scope = %s AND scope_id = %s)"  # noqa: S608
_NOBODY = -1


def limits_for(
    *, user_id: int, account_id: int, instrument: int, run_id: int | None, base: RiskLimits = SAFE
) -> RiskLimits:
    """The strictest of all scopes an order touches. `base` holds where the installation's own row says nothing."""
    touched = [Scope.USER, user_id, Scope.ACCOUNT, account_id, Scope.INSTRUMENT, instrument]
    found = rows(_LIMITS, [*touched, Scope.RUN, _NOBODY if run_id is None else run_id])
    installation, scopes = base, []
    for scope, *values in found:
        limits = RiskLimits(**{name: _limit(name, value) for name, value in zip(_NAMES, values, strict=True)})
        if scope == Scope.INSTALLATION:
            installation = limits_filled(limits, base)
        else:
            scopes.append(limits)
    return limits_stack(installation, *scopes) if scopes else installation


def _limit(name: str, value: Any) -> Any:
    """A column as the driver gave it, as the domain wants it."""
    if value is None:
        return None
    if name in _MONEY:
        return Decimal(value)
    return bool(value) if name == "trading_hours_only" else value


def state_for(*, user_id: int, account_id: int) -> TradingState:
    """The strictest of the installation's, the user's and the account's switches."""
    found = rows(_STATES, [Scope.USER, user_id, Scope.ACCOUNT, account_id])
    return strictest_state(*(TradingState(state) for (state,) in found))


def limits_filled(limits: RiskLimits, base: RiskLimits) -> RiskLimits:
    """`limits`, and `base` where they say nothing."""
    said = {field.name: value for field in fields(limits) if (value := getattr(limits, field.name)) is not None}
    return replace(base, **said)


def limit_list(*, actor: User) -> QuerySet[RiskLimit]:
    """Limits that bind the actor: the installation's, all instruments', the own, those of accounts and runs seen."""
    limits = RiskLimit.objects.all()
    return limits if actor.is_admin else limits.filter(_concerns(actor))


def limit_get(*, actor: User, scope: Scope, scope_id: int, lock: bool = False) -> RiskLimit:
    """Limits of one scope, an unsaved empty row where it has none. Raises NotFound for a scope not the actor's."""
    limits = limit_list(actor=actor)
    found = (limits.select_for_update() if lock else limits).filter(scope=scope, scope_id=scope_id).first()
    if found is not None:
        return found
    if not actor.is_admin and not _scope_seen(actor, scope, scope_id):
        raise NotFound(f"no such {scope}", scope=scope, scope_id=scope_id)
    return RiskLimit(scope=scope, scope_id=scope_id)


def _scope_seen(actor: User, scope: Scope, scope_id: int) -> bool:
    if scope == Scope.USER:
        return scope_id == actor.pk
    if scope == Scope.ACCOUNT:
        return account_list(actor=actor).filter(pk=scope_id).exists()
    if scope == Scope.RUN:
        return run_list(actor=actor).filter(pk=scope_id).exists()
    return scope == Scope.INSTRUMENT or scope_id == 0


def _concerns(actor: User) -> Q:
    return (
        Q(scope__in=[Scope.INSTALLATION, Scope.INSTRUMENT])
        | Q(scope=Scope.USER, scope_id=actor.pk)
        | Q(scope=Scope.ACCOUNT, scope_id__in=account_list(actor=actor).values("pk"))
        | Q(scope=Scope.RUN, scope_id__in=run_list(actor=actor).values("pk"))
    )


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


def switch_get(*, actor: User, switch_id: int) -> KillSwitch:
    """One switch that concerns the actor. Raises NotFound."""
    found = switch_list(actor=actor).filter(pk=switch_id).first()
    if found is None:
        raise NotFound("no such kill switch", switch_id=switch_id)
    return found


def decision_list(*, actor: User, account_id: int | None = None) -> QuerySet[RiskDecision]:
    """The door's answers on accounts the actor may see, newest first."""
    decisions = RiskDecision.objects.select_related("account")
    if not actor.is_admin:
        decisions = decisions.filter(account__in=account_list(actor=actor).values("pk"))
    return decisions if account_id is None else decisions.filter(account_id=account_id)


def decision_newest() -> int:
    """The number of the newest decision of the installation, 0 where there is none: a bound for looking back."""
    newest = RiskDecision.objects.order_by("-pk").values_list("pk", flat=True).first()
    return newest or 0


_ANSWERED = f"SELECT 1 FROM {RiskDecision._meta.db_table} WHERE client_order_id = %s"  # noqa: S608


def decision_find(client_order_id: str) -> RiskDecision | None:
    """The first answer this id was given, None for a wish that is new (which most are: asked without the ORM)."""
    if not rows(_ANSWERED, [client_order_id]):
        return None
    return RiskDecision.objects.get(client_order_id=client_order_id)
