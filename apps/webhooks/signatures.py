"""Proof that a body is the sender's and is fresh: HMAC-SHA256 over the time and the body."""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import Final

HEADER: Final = "X-Velox-Signature"
WINDOW_S: Final = 300  # how old, or how far ahead of our clock, a signed body may be
_FORM: Final = re.compile(r"t=(\d{1,12}),v1=([0-9a-f]{64})")


def signature_make(key: str, body: bytes, at_s: int) -> str:
    """What the header reads: `t=<unix seconds>,v1=<hex of HMAC-SHA256(key, "<t>." + body)>`."""
    digest = hmac.new(key.encode(), f"{at_s}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at_s},v1={digest}"


def signature_fault(header: str, key: str, body: bytes, now_s: float) -> str:
    """Why a signature does not hold, "" where it does."""
    form = _FORM.fullmatch(header.strip())
    if form is None:
        return f"{HEADER} reads t=<unix seconds>,v1=<64 hex digits>"
    if not hmac.compare_digest(signature_make(key, body, int(form[1])), f"t={int(form[1])},v1={form[2]}"):
        return f"{HEADER} does not fit this body and key"
    if abs(now_s - int(form[1])) > WINDOW_S:
        return f"{HEADER} is more than {WINDOW_S} s away from our clock: sign again, with the time of now"
    return ""
