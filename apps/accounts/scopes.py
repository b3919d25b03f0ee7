"""What an API key may be used for. A key never allows more than its owner's role does."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from apps.domain.errors import BadInput

SCOPES: Final[dict[str, str]] = {
    "market:read": "Instruments, candles, ticks, indicators",
    "strategies:read": "Strategies, runs and signals",
    "strategies:write": "Make, start and stop runs",
    "backtests:read": "Backtests and their reports",
    "backtests:write": "Start and stop backtests",
    "orders:read": "Orders and fills",
    "orders:write": "Place and cancel orders",
    "portfolio:read": "Accounts, positions, ledger, P&L",
    "risk:read": "Limits, decisions, trading states",
    "risk:write": "Limits and the kill switch",
    "alerts:read": "Alerts",
    "alerts:write": "Make and change alerts",
    "account:read": "Who the key belongs to, grants given and had",
    "account:write": "Give and take back grants",
}
READING: Final = frozenset(scope for scope in SCOPES if scope.endswith(":read"))


def scopes_checked(scopes: Iterable[str], *, may_trade: bool) -> list[str]:
    """Known, without repeats, in the order of the table. Raises BadInput."""
    wanted = set(scopes)
    unknown = sorted(wanted - SCOPES.keys())
    if unknown:
        raise BadInput(f"there is no scope {unknown[0]}; there are {', '.join(SCOPES)}", field="scopes")
    if not wanted:
        raise BadInput("choose at least one scope", field="scopes")
    if not may_trade and not wanted <= READING:
        raise BadInput("who may not trade can only have keys that read", field="scopes")
    return [scope for scope in SCOPES if scope in wanted]
