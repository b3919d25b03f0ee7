"""Who comes in: what a handshake or a first message shows, and what is known of its bearer once it is checked."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final
from urllib.parse import parse_qsl

from django.conf import settings

from apps.domain.errors import BadInput, RuleBroken

KEY: Final = "key"
TOKEN: Final = "token"  # noqa: S105
MAX_CREDENTIAL: Final = 4_096
_LOOKS_LIKE_KEY: Final = re.compile(r"vx_")
_IN_URL: Final = frozenset({"key", "api_key", "apikey", "token", "access", "access_token", "jwt", "authorization"})


class Forbidden(RuleBroken):
    """Known, but this credential does not reach that far."""

    code: ClassVar[str] = "forbidden"


@dataclass(frozen=True, slots=True)
class Credential:
    """`kind`: key or token. The text never shows in a repr, so in no log either."""

    kind: str
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Visitor:
    """`holder`: whose sockets are counted together. `scopes` None: everything the user may see.
    `until_s`: unix time at which the credential ends, None where only a look can tell."""

    user: Any
    holder: str
    scopes: frozenset[str] | None = None
    until_s: float | None = None

    def need(self, scopes: Iterable[str], channel: str) -> None:
        """Raises Forbidden naming the scopes that are missing."""
        missing = sorted(set(scopes) - self.scopes) if self.scopes is not None else []
        if missing:
            told = " and ".join(missing)
            raise Forbidden(f"this API key lacks the scope {told}", field="channels", channel=channel)


def session_visitor(user: Any) -> Visitor:
    return Visitor(user, f"user:{user.pk}")


def credential_shown(scope: dict[str, Any]) -> Credential | None:
    """What the handshake's headers show; None where they show nothing. Raises BadInput.

    A credential in the URL is refused even where another one is right: URLs end up in logs.
    """
    query = dict(parse_qsl(scope.get("query_string", b"").decode("latin-1")))
    if _IN_URL & {name.lower() for name in query}:
        raise BadInput("a credential in the URL is in logs now: revoke it, and send the next one in a header")
    shown = []
    for name, value in scope.get("headers", ()):
        if name == b"x-api-key":
            shown.append(credential_checked(KEY, value.decode("latin-1")))
        elif name == b"authorization":
            shown.append(_bearer(value.decode("latin-1")))
    if len(shown) > 1:
        raise BadInput("show one credential, not several")
    return shown[0] if shown else None


def _bearer(header: str) -> Credential:
    scheme, _, text = header.partition(" ")
    if scheme.lower() != "bearer":
        raise BadInput("Authorization is Bearer and an API key or access token")
    return credential_checked(KEY if _LOOKS_LIKE_KEY.match(text.strip()) else TOKEN, text)


def credential_checked(kind: str, text: object) -> Credential:
    """Raises BadInput for what cannot be one."""
    if not isinstance(text, str) or not 0 < len(text.strip()) <= MAX_CREDENTIAL:
        raise BadInput(f"a credential is a text of at most {MAX_CREDENTIAL} characters", field=kind)
    return Credential(kind, text.strip())


def address_of(scope: dict[str, Any]) -> str:
    """Where a socket comes from; behind a proxy of ours the last address that proxy has written down."""
    if getattr(settings, "BEHIND_PROXY", False):
        for name, value in scope.get("headers", ()):
            if name == b"x-forwarded-for":
                return str(value.decode("latin-1").rpartition(",")[2].strip())
    client = scope.get("client")
    return str(client[0]) if client else ""
