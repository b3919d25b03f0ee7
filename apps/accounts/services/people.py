"""People and their accounts: who comes in, who holds money, who may look."""

from __future__ import annotations

from decimal import Decimal

from django.db import transaction

from apps.accounts.models import BrokerAccount, Grant, Role, User
from apps.accounts.selectors import account_tradable
from apps.domain.errors import BadInput, NotFound, RuleBroken


@transaction.atomic
def user_create(
    *, username: str, email: str, password: str, role: Role = Role.INVESTOR, time_zone: str = "UTC"
) -> User:
    """A new user who may sign in; an admin may also enter the back office. Raises BadInput where a name is taken."""
    if User.objects.filter(username__iexact=username).exists():
        raise BadInput(f"the user name {username} is taken", field="username")
    if User.objects.filter(email__iexact=email).exists():
        raise BadInput(f"the e-mail address {email} is taken", field="email")
    is_admin = role == Role.ADMIN
    return User.objects.create_user(
        username, email, password, role=role, time_zone=time_zone, is_staff=is_admin, is_superuser=is_admin
    )


def account_open(*, owner: User, name: str, currency: str, starting_cash: Decimal) -> BrokerAccount:
    """A paper account in dry run. Raises RuleBroken for an owner who may not trade, BadInput for bad values."""
    if not owner.may_trade:
        raise RuleBroken(f"{owner.username} may not trade, so cannot hold an account", user=owner.pk)
    if not starting_cash.is_finite() or starting_cash < 0:
        raise BadInput(f"starting cash cannot be {starting_cash}", field="starting_cash")
    if starting_cash >= 10**9 or starting_cash != round(starting_cash, 6):
        raise BadInput("starting cash is below a billion and has at most 6 decimals", field="starting_cash")
    if BrokerAccount.objects.filter(owner=owner, name=name).exists():
        raise BadInput(f"{owner.username} already has an account named {name}", field="name")
    return BrokerAccount.objects.create(owner=owner, name=name, currency=currency, starting_cash=starting_cash)


def account_grant(*, account: BrokerAccount, investor: User) -> Grant:
    """Let an investor read an account. Granting twice is harmless."""
    grant, _ = Grant.objects.get_or_create(account=account, investor=investor)
    return grant


def account_revoke(*, account: BrokerAccount, investor: User) -> None:
    """Take the reading right back; harmless where there was none."""
    Grant.objects.filter(account=account, investor=investor).delete()


def grant_create(*, actor: User, account_id: int, investor: str) -> Grant:
    """Let an investor, by user name, read an account the actor may trade on. Raises NotFound, BadInput."""
    account = account_tradable(actor=actor, account_id=account_id)
    found = User.objects.filter(username=investor, role=Role.INVESTOR, is_active=True).first()
    if found is None:
        raise BadInput(f"no investor is called {investor}", field="investor")
    return account_grant(account=account, investor=found)


def grant_delete(*, actor: User, grant_id: int) -> None:
    """Take a grant on an account of the actor's back. Raises NotFound; an investor cannot end a grant."""
    grant = Grant.objects.select_related("account").filter(pk=grant_id).first()
    if grant is None or not actor.may_trade or not (actor.is_admin or grant.account.owner_id == actor.pk):
        raise NotFound("no such grant", grant_id=grant_id)
    account_revoke(account=grant.account, investor=grant.investor)


def user_edit(*, actor: User, **fields: str) -> User:
    """Change what a user may change of themselves: names, time zone, theme."""
    wrong = set(fields) - {"first_name", "last_name", "time_zone", "theme"}
    if wrong:
        raise BadInput(f"{min(wrong)} is not yours to change", field=min(wrong))
    for name, value in fields.items():
        setattr(actor, name, value)
    if fields:
        actor.save(update_fields=list(fields))
    return actor
