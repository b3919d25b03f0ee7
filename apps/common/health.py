"""Readiness as named checks. Whoever has to be up registers one; nobody here knows who they are."""

from __future__ import annotations

from collections.abc import Callable

Check = Callable[[], str]
"""Returns an empty string when well, else the reason in words."""

_checks: dict[str, Check] = {}


def register(name: str, check: Check) -> None:
    """Add a check, or replace the one of that name."""
    _checks[name] = check


def unregister(name: str) -> None:
    _checks.pop(name, None)


def report() -> dict[str, str]:
    """Every check's name with its reason for not being ready, or an empty string."""
    return {name: _ask(check) for name, check in tuple(_checks.items())}  # other threads may register meanwhile


def _ask(check: Check) -> str:
    try:
        return check()
    except Exception as error:  # a check that breaks is a reason not to be ready, not a broken page
        return f"{type(error).__name__}: {error}"
