"""What the hub asks the database: who may see what, and how it stands now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from apps.dashboard.live.visitors import Credential, Visitor


@dataclass(frozen=True, slots=True)
class Reading:
    """One thing that is looked at every second and told when it changed. `key` names it within its channel."""

    key: str
    kind: str
    body: Any


class Sources(Protocol):
    """Everything is asked in the name of a user; what is not theirs raises NotFound, like what does not exist."""

    async def instrument(self, user: Any, symbol: str) -> int: ...

    async def watchlist(self, user: Any) -> list[int]: ...

    async def chart_instrument(self, user: Any, symbol: str, indicators: tuple[str, ...]) -> int:
        """The instrument of a chart. Raises BadInput where an indicator's text form cannot be read."""
        ...

    async def snapshot(self, user: Any, channel: str) -> Any:
        """How `account:N`, `alerts`, `runs` or `status` stands, as JSON-ready values."""
        ...

    async def readings(self, user: Any, channel: str) -> list[Reading]: ...

    async def signed_in(self, scope: dict[str, Any]) -> Visitor | None:
        """Whoever the session a socket was opened with belongs to now; None where it is signed out."""
        ...

    async def admit(self, credential: Credential, address: str) -> Visitor:
        """The bearer of a key or token. Raises NotFound where it opens nothing (any more)."""
        ...

    async def account_open(self, user: Any, account_id: int) -> None:
        """Raises NotFound where the account is not (any more) the user's to see."""
        ...
