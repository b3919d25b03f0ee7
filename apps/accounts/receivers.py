"""A session remembers when it was signed in."""

from __future__ import annotations

import time
from typing import Any

from django.contrib.auth.signals import user_logged_in
from django.http import HttpRequest

from apps.accounts.sessions import BEGAN


def connect() -> None:
    user_logged_in.connect(_began, dispatch_uid="velox.accounts.began")


def _began(request: HttpRequest, **_: Any) -> None:
    request.session[BEGAN] = int(time.time())
