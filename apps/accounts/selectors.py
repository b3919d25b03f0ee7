"""Who may see which account. Somebody else's looks exactly like a missing one."""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django.utils import timezone

from apps.accounts.models import ApiKey, BrokerAccount, DeviceSession, Grant, User
from apps.domain.errors import NotFound


def account_list(*, actor: User) -> QuerySet[BrokerAccount]:
    """Own accounts and those granted; an admin's are all."""
    accounts = BrokerAccount.objects.select_related("owner")
    if actor.is_admin:
        return accounts
    if not actor.is_active:
        return accounts.none()
    return accounts.filter(Q(owner=actor) | Q(pk__in=actor.grants.values("account")))


def account_ids(*, actor: User, account_id: int | None = None) -> list[int]:
    """Keys of the accounts the actor sees, or of the one asked for; none for an admin, who is bound to no account."""
    if actor.is_admin and account_id is None:
        return []
    accounts = account_list(actor=actor) if account_id is None else account_list(actor=actor).filter(pk=account_id)
    return list(accounts.order_by("pk").values_list("pk", flat=True))


def account_get(*, actor: User, account_id: int, lock: bool = False) -> BrokerAccount:
    """One account to read. Raises NotFound."""
    return _one(account_list(actor=actor), account_id, lock)


def account_tradable(*, actor: User, account_id: int, lock: bool = False) -> BrokerAccount:
    """One account to trade on: own (any, for an admin), active, and the actor may trade. Raises NotFound.

    An investor's granted account is there to be read only, so here it looks missing.
    """
    accounts = account_list(actor=actor).filter(is_active=True)
    if not actor.may_trade:
        accounts = accounts.none()
    elif not actor.is_admin:
        accounts = accounts.filter(owner=actor)
    return _one(accounts, account_id, lock)


def grant_list(*, actor: User) -> QuerySet[Grant]:
    """Grants on own accounts and those given to the actor; an admin's are all."""
    grants = Grant.objects.select_related("investor", "account")
    if actor.is_admin:
        return grants
    return grants.filter(Q(account__owner=actor) | Q(investor=actor)) if actor.is_active else grants.none()


def apikey_list(*, actor: User) -> QuerySet[ApiKey]:
    """Own keys, newest first, ended ones too; an admin's are everybody's."""
    keys = ApiKey.objects.select_related("owner")
    return keys if actor.is_admin else keys.filter(owner=actor)


def session_list(*, actor: User) -> QuerySet[DeviceSession]:
    """Own sessions that are still good, the last used first; an admin's are everybody's."""
    sessions = DeviceSession.objects.select_related("user").filter(user__isnull=False, expire_date__gt=timezone.now())
    return sessions if actor.is_admin else sessions.filter(user=actor)


def _one(accounts: QuerySet[BrokerAccount], account_id: int, lock: bool) -> BrokerAccount:
    found = (accounts.select_for_update(of=("self",)) if lock else accounts).filter(pk=account_id).first()
    if found is None:
        raise NotFound("no such account", account_id=account_id)
    return found
