"""The session engine: Django's own over the database, with whose it is and from where beside it."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.contrib.sessions.backends.db import SessionStore as DatabaseStore
from django.utils import timezone

from apps.common.requests import request_facts

USER: Final = "_auth_user_id"
BEGAN: Final = "_began"  # in the session: when it was signed in, seconds since 1970
SEEN_EVERY: Final = timedelta(minutes=1)  # how fresh "last seen" is kept


class SessionStore(DatabaseStore):
    row: Any = None  # as loaded; None for one that has just begun

    @classmethod
    def get_model_class(cls) -> type:
        from apps.accounts.models import DeviceSession

        return DeviceSession

    def _get_session_from_db(self) -> Any:
        self.row = super()._get_session_from_db()
        return self.row

    async def _aget_session_from_db(self) -> Any:
        self.row = await super()._aget_session_from_db()
        return self.row

    def create_model_instance(self, data: dict[str, Any]) -> Any:
        return self._told(super().create_model_instance(data), data)

    async def acreate_model_instance(self, data: dict[str, Any]) -> Any:
        return self._told(await super().acreate_model_instance(data), data)

    def seen(self) -> None:
        """Note that it is in use, and from where; at most once a minute."""
        now = timezone.now()
        if self.row is None or now - self.row.seen_at < SEEN_EVERY:
            return
        facts = request_facts()
        changes = {"seen_at": now, "address": facts.address[:64], "agent": facts.agent}
        self.model.objects.filter(pk=self.row.pk).update(**changes)

    def _told(self, row: Any, data: dict[str, Any]) -> Any:
        facts = request_facts()
        row.public_id = public_id(row.session_key)
        row.user_id = data.get(USER)
        row.address = facts.address[:64] or getattr(self.row, "address", "")
        row.agent = facts.agent or getattr(self.row, "agent", "")
        row.began_at = datetime.fromtimestamp(data[BEGAN], UTC) if BEGAN in data else timezone.now()
        return row


def public_id(session_key: str) -> str:
    """What a page may show of a session."""
    return hashlib.sha256(f"velox-session:{session_key}".encode()).hexdigest()[:32]
