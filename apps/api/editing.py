"""Two people may edit the same thing: whoever read an older version is told so and overwrites nothing."""

from __future__ import annotations

import hashlib
from typing import Any, Final

from rest_framework.request import Request

from apps.api.problems import Refused

HEADER: Final = "If-Match"


def etag(*parts: Any) -> str:
    """A strong tag over what identifies a version: its key and when it last changed."""
    return f'"{hashlib.sha256(repr(parts).encode()).hexdigest()[:20]}"'


def unchanged(request: Request, current: str) -> None:
    """Raises the 428 or 412 problem unless the request names the current version. Call it with the row locked."""
    given = request.headers.get(HEADER)
    if given is None:
        raise Refused("precondition_required")
    if given.strip() != "*" and current not in (tag.strip() for tag in given.split(",")):
        raise Refused("precondition_failed")
