"""The arithmetic of the chain: what is hashed, in which form, and what the end is sealed with."""

from __future__ import annotations

import hashlib
import hmac
import json
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from django.conf import settings
from django.utils.crypto import salted_hmac

_SALT: Final = "velox.audit.head"


def canonical(values: Mapping[str, Any]) -> str:
    """JSON with sorted names, no spaces, ASCII only, times as UTC to the microsecond: one text for one meaning."""
    return json.dumps(values, sort_keys=True, separators=(",", ":"), allow_nan=False, default=_moment)


def _moment(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    raise TypeError(f"{type(value).__name__} has no place in an audit entry")


def entry_hash(previous: str, told: Mapping[str, Any]) -> str:
    """SHA-256 over the hash before and the entry, as 64 hex digits."""
    return hashlib.sha256((previous + canonical(told)).encode()).hexdigest()


def genesis(installation: uuid.UUID) -> str:
    """What the first entry of an installation follows."""
    return hashlib.sha256(f"velox-audit:{installation}".encode()).hexdigest()


def head_seal(installation: uuid.UUID, number: int, hash: str, key: str | None = None) -> str:
    """Keyed by SECRET_KEY unless another key is given."""
    told = f"{installation}:{number}:{hash}"
    return salted_hmac(_SALT, told, secret=key, algorithm="sha256").hexdigest()


def seal_holds(installation: uuid.UUID, number: int, hash: str, seal: str) -> bool:
    """Under today's key or one of those it replaced."""
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return any(hmac.compare_digest(head_seal(installation, number, hash, key), seal) for key in keys)
