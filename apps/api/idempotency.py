"""A request that trades happens once, however often it is sent.

The answer is kept in the transaction of what it tells of: both happened, or neither. Whoever sends
the same key at the same time waits for the first to end (SQLite: for the write lock, PostgreSQL: at
the unique key) and is given the first answer.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from contextlib import nullcontext
from datetime import timedelta
from typing import Final

import msgspec
from django.db import connection, transaction
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from apps.api import wire
from apps.api.models import IdempotentAnswer
from apps.api.problems import MEDIA_TYPE, Refused, kind_of, problem_of
from apps.common.rows import row_update, rows
from apps.domain.errors import VeloxError

HEADER: Final = "Idempotency-Key"
KEPT: Final = timedelta(hours=24)
PATTERN: Final = r"^[A-Za-z0-9._:\-]{8,40}$"
_KEY = re.compile(PATTERN)
_HEADERS = ("Location", "ETag")


def key_of(request: Request, *, required: bool) -> str | None:
    key = request.headers.get(HEADER)
    if key is None and not required:
        return None
    if key is None or not _KEY.fullmatch(key):
        raise Refused("idempotency_key_missing")
    return key


def once(request: Request, key: str, act: Callable[[], Response], *, atomic: bool) -> Response:
    """What `act` answers, or answered the first time.

    `atomic` False: for an act that commits step by step and may itself be repeated without harm, as the
    kill switch is; its answer is kept after it, and two at the same time may both act.
    Refusals by the rules are answers too; what the machine may put right (5xx) is not kept.
    """
    asked = _hash(request)
    with transaction.atomic() if atomic else nullcontext():
        mine = _claim(request.user.pk, key, asked) if atomic else None
        if mine is None:
            before = IdempotentAnswer.objects.filter(user_id=request.user.pk, key=key).first()
            if before is not None:
                return _again(before, asked)
        response = _act(request, act, atomic)
        mine = mine or _claim(request.user.pk, key, asked)
        if mine is not None:
            _keep(mine, response)
        return response


def _act(request: Request, act: Callable[[], Response], atomic: bool) -> Response:
    """Its answer, also where the rules refuse; then what it had begun to change is undone."""
    try:
        with transaction.atomic() if atomic else nullcontext():
            return act()
    except VeloxError as error:
        if kind_of(error).status >= 500:
            raise
        return problem_of(request, error)


_TABLE = IdempotentAnswer._meta.db_table
_CLAIM = (
    f"INSERT INTO {_TABLE} (user_id, key, request_hash, status, headers, body, created_at) "  # noqa: S608
    "VALUES (%s, %s, %s, 0, '{}', %s, %s) ON CONFLICT (user_id, key) DO NOTHING RETURNING id"
)


def _claim(user_id: int, key: str, asked: str) -> int | None:
    """The row's key where this request is the first; PostgreSQL waits here for another that is under way."""
    at = connection.ops.adapt_datetimefield_value(timezone.now())
    made = rows(_CLAIM, [user_id, key, asked, b"", at])
    return int(made[0][0]) if made else None


def _again(row: IdempotentAnswer, asked: str) -> Response:
    if row.request_hash != asked:
        raise Refused("idempotency_key_reused")
    headers = dict(row.headers) | {"Idempotent-Replayed": "true"}
    kind = MEDIA_TYPE if row.status >= 400 else None
    return Response(msgspec.json.decode(bytes(row.body)), status=row.status, headers=headers, content_type=kind)


def _keep(row: int, response: Response) -> None:
    headers = {name: response[name] for name in _HEADERS if name in response}
    row_update(IdempotentAnswer, row, status=response.status_code, headers=headers, body=wire.encode(response.data))


def _hash(request: Request) -> str:
    told = [request.method, request.path, request.data]
    return hashlib.sha256(msgspec.json.encode(told, enc_hook=str, order="sorted")).hexdigest()


def answers_purge() -> int:
    """Forget answers older than KEPT; returns how many."""
    return IdempotentAnswer.objects.filter(created_at__lt=timezone.now() - KEPT).delete()[0]
