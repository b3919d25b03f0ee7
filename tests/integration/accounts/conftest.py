"""What tests about people may ask for."""

from __future__ import annotations

import base64
import hmac
import re
import struct
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from celery_app import app


@pytest.fixture(autouse=True)
def mails_at_once() -> Iterator[None]:
    """A worker that is always quick: tasks run where they are asked for."""
    app.loader.import_default_modules()
    before, app.conf.task_always_eager = app.conf.task_always_eager, True
    yield
    app.conf.task_always_eager = before


@pytest.fixture
def followed(mailoutbox: list[Any], django_capture_on_commit_callbacks: Any) -> Callable[..., str]:
    """Do something and return the path of the link that was mailed because of it."""

    def follow(act: Callable[[], Any]) -> str:
        with django_capture_on_commit_callbacks(execute=True):
            act()
        found = re.findall(r"https?://[^/\s]+(/\S+)", mailoutbox[-1].body)
        return found[-1]

    return follow


@pytest.fixture
def authenticator(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Callable[[], str]]:
    """Give somebody a second factor; returns what makes its next code, each 30 s after the one before."""
    from apps.accounts.models import Authenticator
    from apps.accounts.services import factor_begin, factor_confirm, second_factor

    clock = [1_800_000_000.0]
    monkeypatch.setattr(second_factor.time, "time", lambda: clock[0])

    def give(user: Any) -> Callable[[], str]:
        def code() -> str:
            clock[0] += 30
            key = base64.b32decode(Authenticator.objects.get(user=user).secret)
            return f"{totp_at(key, clock[0]):06}"

        factor_begin(actor=user)
        code.recovery = factor_confirm(actor=user, code=code())  # type: ignore[attr-defined]
        return code

    return give


def totp_at(key: bytes, at_s: float) -> int:
    """RFC 6238 by the letter, beside the library's."""
    digest = hmac.new(key, struct.pack(">Q", int(at_s) // 30), "sha1").digest()
    start = digest[-1] & 15
    return (int.from_bytes(digest[start : start + 4], "big") & 0x7FFFFFFF) % 10**6
