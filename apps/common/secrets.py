"""Secrets at rest: hashed with a key where we only have to recognise them, encrypted where we need them back.

Both keys follow SECRET_KEY unless FIELD_KEYS says otherwise. To replace a key put the new one first and
keep the old one behind it (FIELD_KEYS, or SECRET_KEY with SECRET_KEY_OLD) until all has been written anew.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable
from functools import cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import models

from apps.domain.errors import Misconfigured


def keyed_hash(purpose: str, text: str, key: str | None = None) -> str:
    """HMAC-SHA256 as 64 hex digits. `purpose` keeps one kind of secret from passing as another."""
    key = key or _keys()[0]
    return hmac.new(f"{purpose}:{key}".encode(), text.encode(), hashlib.sha256).hexdigest()


def keyed_hashes(purpose: str, text: str) -> list[str]:
    """Under every key still believed, the newest first."""
    return [keyed_hash(purpose, text, key) for key in _keys()]


def hash_matches(stored: str, candidates: Iterable[str]) -> bool:
    """Compares all of them in the same time, whichever fits."""
    return sum(hmac.compare_digest(stored, candidate) for candidate in candidates) > 0


class EncryptedTextField(models.TextField):
    """Text that only this installation can read (Fernet: AES-128-CBC with HMAC). Cannot be searched."""

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        return value if not value else _ring(tuple(_keys())).encrypt(value.encode()).decode()

    def from_db_value(self, value: str | None, *_: Any) -> str | None:
        if not value:
            return value
        try:
            return _ring(tuple(_keys())).decrypt(value.encode()).decode()
        except InvalidToken:
            raise Misconfigured(
                f"{self.model._meta.label}.{self.name} was encrypted with a key that is not here any more: "
                "put it back as the last of FIELD_KEYS",
                field=self.name,
            ) from None


def _keys() -> list[str]:
    return settings.FIELD_KEYS or [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]


@cache
def _ring(keys: tuple[str, ...]) -> MultiFernet:
    digests = (hashlib.sha256(b"velox-field:" + key.encode()).digest() for key in keys)
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])
