"""Which state of the trading code this is."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

_DOMAIN = Path(__file__).resolve().parent.parent / "domain"


@cache
def code_hash() -> str:
    """16 hex digits over all sources of apps/domain: whatever could change a fill changes them."""
    digest = hashlib.sha256()
    for source in sorted(_DOMAIN.rglob("*.py")):
        digest.update(source.relative_to(_DOMAIN).as_posix().encode())
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]
