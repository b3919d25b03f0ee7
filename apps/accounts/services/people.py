"""People and their accounts: who comes in, who holds money, who may look."""

from __future__ import annotations

from decimal import Decimal

from django.db import transaction

from apps.accounts.models import BrokerAccount, Grant, Role, User
from apps.domain.errors import BadInput, RuleBroken


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
