"""Sessions as their owner sees them: this phone, that laptop; any of them can be ended from here."""

from __future__ import annotations

from django.db import transaction

from apps.accounts.models import DeviceSession, User
from apps.accounts.selectors import session_list
from apps.accounts.services.tokens import tokens_end
from apps.audit.services import audit_record
from apps.domain.errors import NotFound


@transaction.atomic
def session_revoke(*, actor: User, public_id: str) -> None:
    """End one session: its next request is nobody's, its sockets close at their next check. Raises NotFound."""
    found = session_list(actor=actor).filter(public_id=public_id).first()
    if found is None:
        raise NotFound("no such session")
    owner, told = found.user, {"address": found.address, "agent": found.agent}
    found.delete()
    audit_record(action="session.revoked", actor=actor, target=owner, after=told)


def sessions_end(user: User, but: str = "") -> int:
    """As sessions_revoke_all, for services that write their own entry."""
    return DeviceSession.objects.filter(user=user).exclude(session_key=but).delete()[0] + tokens_end(user)


@transaction.atomic
def sessions_revoke_all(*, actor: User | None, user: User, but: str = "") -> int:
    """End all sessions and logins of programs, but for the session whose key is given; returns how many."""
    ended = sessions_end(user, but)
    if ended:
        audit_record(action="session.revoked_all", actor=actor, target=user, after={"ended": ended})
    return ended
