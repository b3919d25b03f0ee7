"""What may be written down: plain values, no secrets, nothing endless."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from itertools import pairwise
from typing import Any, Final

from django.db import models

REDACTED: Final = "[redacted]"
LONGEST: Final = 1000  # characters of one value
MOST: Final = 200  # values of one collection

_WORDS: Final = (
    {"password", "passwd", "passphrase", "pwd", "pin", "otp", "totp", "secret", "secrets", "token", "tokens"}
    | {"credential", "credentials", "authorization", "cookie", "cookies", "sessionid", "jwt", "bearer", "apikey"}
    | {"csrf", "csrfmiddlewaretoken", "signature", "digest", "private", "seedphrase"}
)
_PAIRS: Final = {"api key", "secret key", "access key", "signing key", "encryption key", "session key", "raw key"} | {
    "session id",
    "recovery code",
    "recovery codes",
}
_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_LOOKS: Final = re.compile(
    r"\bvx_[0-9a-z]{4,}_[0-9A-Za-z]{16,}"  # our own API keys
    r"|\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]+"  # JSON web tokens
    r"|otpauth://\S+"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*"
    r"|\b(?:argon2|pbkdf2_sha256|pbkdf2_sha1|bcrypt_sha256|bcrypt|scrypt|md5)\$\S+"  # stored passwords
    r"|(?i:\b(?:bearer|basic)\s+[\w.~+/=-]{20,})"
    r"|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"  # user:password of a URL
)


def name_is_secret(name: str) -> bool:
    words = [word.lower() for word in _WORD.findall(name)]
    pairs = {" ".join(pair) for pair in pairwise(words)}
    return not _WORDS.isdisjoint(words) or not _PAIRS.isdisjoint(pairs)


def plain(value: Any, depth: int = 0) -> Any:
    """JSON's own kinds of value, without what is secret by its name or by its looks."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, Enum):
        return plain(value.value, depth)
    if isinstance(value, Mapping) and depth < 6:
        pairs = list(value.items())[:MOST]
        return {text(name): REDACTED if name_is_secret(str(name)) else plain(each, depth + 1) for name, each in pairs}
    if isinstance(value, list | tuple | set | frozenset) and depth < 6:
        return [plain(each, depth + 1) for each in list(value)[:MOST]]
    return text(_word(value))


def _word(value: Any) -> str:
    match value:
        case Decimal():
            return f"{value:f}"
        case datetime() | date():
            return value.isoformat()
        case bytes() | bytearray() | memoryview():
            return f"[{len(value)} bytes]"
        case models.Model():
            return f"{value._meta.label_lower}:{value.pk}"
        case _:
            return str(value)


def text(value: str, longest: int = LONGEST) -> str:
    """What every database can keep: no NUL, no half characters, no secret, not too long."""
    kept = _LOOKS.sub(REDACTED, value.encode("utf-8", "replace").decode().replace("\x00", "\ufffd"))
    return kept if len(kept) <= longest else kept[: longest - 1] + "…"


def difference(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> tuple[dict[str, Any], ...]:
    """Both sides with only what differs where both are given. A changed secret is named, its values are not shown."""
    left, right = dict(before or {}), dict(after or {})
    if before is not None and after is not None:
        same = {name for name in left.keys() & right.keys() if left[name] == right[name]}
        left, right = ({name: each for name, each in side.items() if name not in same} for side in (left, right))
    return plain(left), plain(right)
