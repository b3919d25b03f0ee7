"""People and their accounts: who comes in, who holds money, who may look."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from apps.accounts.models import BrokerAccount, Grant, Role, Theme, User, zone_validate
from apps.accounts.selectors import account_tradable
from apps.accounts.services.api_keys import apikeys_end
from apps.accounts.services.devices import sessions_end
from apps.audit.services import audit_record
from apps.domain.errors import BadInput, NotFound, RuleBroken


@transaction.atomic
def user_create(
    *,
    username: str,
    email: str,
    password: str,
    role: Role = Role.INVESTOR,
    time_zone: str = "UTC",
    actor: User | None = None,
) -> User:
    """A new user who may sign in; an admin may also enter the back office. Raises BadInput where a name is taken."""
    if User.objects.filter(username__iexact=username).exists():
        raise BadInput(f"the user name {username} is taken", field="username")
    if User.objects.filter(email__iexact=email).exists():
        raise BadInput(f"the e-mail address {email} is taken", field="email")
    is_admin = role == Role.ADMIN
    made = User.objects.create_user(
        username, email, password, role=role, time_zone=time_zone, is_staff=is_admin, is_superuser=is_admin
    )
    audit_record(action="user.created", actor=actor, target=made, after={"email": email, "role": role})
    return made


@transaction.atomic
def user_set_role(*, actor: User, user: User, role: Role) -> None:
    """Give somebody another role; sessions end, so that nothing of the old one stays open.

    Raises RuleBroken for who is no admin, and for the last admin's demotion.
    """
    _admins_only(actor)
    before = {"role": user.role, "is_staff": user.is_staff, "is_superuser": user.is_superuser}
    is_admin = role == Role.ADMIN
    user.role, user.is_staff, user.is_superuser = role, is_admin, is_admin
    user.save(update_fields=list(before))
    after = {name: getattr(user, name) for name in before}
    if before == after:
        return
    after["sessions_ended"] = sessions_end(user)
    audit_record(action="user.role_changed", actor=actor, target=user, before=before, after=after)


@transaction.atomic
def user_switch(*, actor: User, user: User, active: bool) -> None:
    """Switch somebody off (sessions and API keys end) or on again. Raises RuleBroken, also for the last admin."""
    _admins_only(actor)
    if user.is_active == active:
        return
    user.is_active = active
    user.save(update_fields=["is_active"])
    if active:
        audit_record(action="user.switched_on", actor=actor, target=user)
        return
    ended: dict[str, Any] = {"keys_ended": apikeys_end(user), "sessions_ended": sessions_end(user)}
    audit_record(action="user.switched_off", actor=actor, target=user, after=ended)


@transaction.atomic
def profile_set(*, actor: User, **fields: Any) -> None:
    """Change one's own first_name, last_name, time_zone or theme. Raises BadInput."""
    unknown = fields.keys() - {"first_name", "last_name", "time_zone", "theme"}
    if unknown:
        raise BadInput(f"{min(unknown)} is not yours to change", field=min(unknown))
    if "theme" in fields and fields["theme"] not in Theme.values:
        raise BadInput(f"there is no theme {fields['theme']}", field="theme")
    try:
        zone_validate(fields.get("time_zone", "UTC"))
    except ValidationError as error:
        raise BadInput(error.message, field="time_zone") from None
    before = {name: getattr(actor, name) for name in fields}
    for name, value in fields.items():
        setattr(actor, name, value)
    if before != fields:
        actor.save(update_fields=list(fields))
        audit_record(action="user.profile_changed", actor=actor, target=actor, before=before, after=fields)


def _admins_only(actor: User) -> None:
    if not actor.is_admin:
        raise RuleBroken("only an admin may do that")


@transaction.atomic
def account_open(
    *, owner: User, name: str, currency: str, starting_cash: Decimal, actor: User | None = None
) -> BrokerAccount:
    """A paper account in dry run. Raises RuleBroken for an owner who may not trade, BadInput for bad values."""
    if not owner.may_trade:
        raise RuleBroken(f"{owner.username} may not trade, so cannot hold an account", user=owner.pk)
    if not starting_cash.is_finite() or starting_cash < 0:
        raise BadInput(f"starting cash cannot be {starting_cash}", field="starting_cash")
    if starting_cash >= 10**9 or starting_cash != round(starting_cash, 6):
        raise BadInput("starting cash is below a billion and has at most 6 decimals", field="starting_cash")
    if BrokerAccount.objects.filter(owner=owner, name=name).exists():
        raise BadInput(f"{owner.username} already has an account named {name}", field="name")
    made = BrokerAccount.objects.create(owner=owner, name=name, currency=currency, starting_cash=starting_cash)
    told = {"owner": owner.username, "currency": currency, "starting_cash": starting_cash}
    audit_record(action="account.opened", actor=actor, target=made, after=told)
    return made


@transaction.atomic
def account_grant(*, account: BrokerAccount, investor: User, actor: User | None = None) -> Grant:
    """Let an investor read an account. Granting twice is harmless."""
    grant, made = Grant.objects.get_or_create(account=account, investor=investor)
    if made:
        audit_record(action="grant.given", actor=actor, target=account, after={"investor": investor.username})
    return grant


@transaction.atomic
def account_revoke(*, account: BrokerAccount, investor: User, actor: User | None = None) -> None:
    """Take the reading right back; harmless where there was none."""
    gone, _ = Grant.objects.filter(account=account, investor=investor).delete()
    if gone:
        audit_record(action="grant.taken", actor=actor, target=account, before={"investor": investor.username})


@transaction.atomic
def grant_create(*, actor: User, account_id: int, investor: str) -> Grant:
    """Let an investor, by user name, read an account the actor may trade on. Raises NotFound, BadInput."""
    account = account_tradable(actor=actor, account_id=account_id)
    found = User.objects.filter(username=investor, role=Role.INVESTOR, is_active=True).first()
    if found is None:
        raise BadInput(f"no investor is called {investor}", field="investor")
    return account_grant(account=account, investor=found, actor=actor)


@transaction.atomic
def grant_delete(*, actor: User, grant_id: int) -> None:
    """Take a grant on an account of the actor's back. Raises NotFound; an investor cannot end a grant."""
    grant = Grant.objects.select_related("account").filter(pk=grant_id).first()
    if grant is None or not actor.may_trade or not (actor.is_admin or grant.account.owner_id == actor.pk):
        raise NotFound("no such grant", grant_id=grant_id)
    account_revoke(account=grant.account, investor=grant.investor, actor=actor)
