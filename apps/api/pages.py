"""Lists page by page: keyset cursors, so that page 20,000 costs what page 1 costs and new rows shift nothing."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec
from django.db import connection
from django.db.models import Q, QuerySet
from rest_framework import serializers

from apps.domain.errors import BadInput

MOST: Final = 500
USUAL: Final = 50
MOST_SPLIT: Final = 40  # accounts; beyond it their rows are sorted together


@dataclass(frozen=True, slots=True)
class PerAccount:
    """Rows of several accounts, to be looked up account by account.

    Each account's newest rows lie together in an index; asked for all accounts at once a database reads
    every row they ever had and sorts them.
    """

    rows: QuerySet[Any]
    accounts: Sequence[int]


@dataclass(frozen=True, slots=True)
class Paging:
    """How a list may be ordered: public name -> fields, the last of which is unique. The first name is the default,
    `-` before a name turns it round."""

    orders: Mapping[str, tuple[str, ...]]
    default: str

    @property
    def choices(self) -> list[str]:
        return [sign + name for name in self.orders for sign in ("", "-")]

    def page(self, rows: QuerySet[Any] | PerAccount, said: Mapping[str, Any]) -> tuple[list[Any], str | None]:
        """(the rows of one page, the cursor of the next one or None)."""
        ordering, limit = said["ordering"], said["limit"]
        fields, down = self.orders[ordering.lstrip("-")], ordering.startswith("-")
        accounts = rows.accounts if isinstance(rows, PerAccount) else []
        rows = rows.rows if isinstance(rows, PerAccount) else rows
        order = [f"-{name}" if down else name for name in fields]
        if said.get("cursor"):
            rows = rows.filter(_after(fields, down, _read(said["cursor"], ordering, len(fields))))
        if 1 <= len(accounts) <= MOST_SPLIT:
            rows = rows.filter(pk__in=_merged(rows, accounts, fields, down, limit + 1))
        found = list(rows.order_by(*order)[: limit + 1])
        if len(found) <= limit:
            return found, None
        last = found[limit - 1]
        return found[:limit], _write(ordering, [getattr(last, name) for name in fields])


def _merged(rows: QuerySet[Any], accounts: Sequence[int], fields: tuple[str, ...], down: bool, limit: int) -> list[int]:
    """Keys of the first `limit` rows over all accounts, from one query with a branch for each."""
    order = [f"-{name}" if down else name for name in fields]
    parts, params = [], []
    for account in accounts:
        branch = rows.filter(account_id=account).order_by(*order).values_list(*fields)[:limit]
        sql, given = branch.query.sql_with_params()
        parts.append(f"SELECT * FROM ({sql}) AS a{len(parts)}")  # noqa: S608 (made by Django, values apart)
        params += given
    places = ", ".join(f"{place + 1}{' DESC' if down else ''}" for place in range(len(fields)))
    with connection.cursor() as cursor:
        cursor.execute(f"{' UNION ALL '.join(parts)} ORDER BY {places} LIMIT {int(limit)}", params)
        return [row[-1] for row in cursor.fetchall()]


def _after(fields: tuple[str, ...], down: bool, values: list[Any]) -> Q:
    """Everything behind the row that has these values in these fields."""
    beyond = "lt" if down else "gt"
    found = Q(**{f"{fields[-1]}__{beyond}": values[-1]})
    for name, value in zip(reversed(fields[:-1]), reversed(values[:-1]), strict=True):
        # the bare inequality in front lets the database walk its index
        found = Q(**{f"{name}__{beyond}e": value}) & (Q(**{f"{name}__{beyond}": value}) | found)
    return found


def _write(ordering: str, values: list[Any]) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode([ordering, *values])).decode().rstrip("=")


def _read(cursor: str, ordering: str, count: int) -> list[Any]:
    try:
        told = msgspec.json.decode(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        made_for, *values = told
        if made_for == ordering and len(values) == count and all(map(_plausible, values)):
            return [_value(value) for value in values]
    except (binascii.Error, msgspec.DecodeError, UnicodeError, ValueError, TypeError, RecursionError):
        pass
    raise BadInput("this cursor was not given by this list in this ordering", field="cursor")


def _plausible(value: Any) -> bool:
    if isinstance(value, str):
        return len(value) <= 100 and "\0" not in value
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63


def _value(value: Any) -> Any:
    """A time went into the cursor as text."""
    if isinstance(value, str) and value[4:5] == "-" and "T" in value:
        return datetime.fromisoformat(value)
    return value


class PageQuery(serializers.Serializer):
    limit = serializers.IntegerField(default=USUAL, min_value=1, max_value=MOST, help_text="Most rows of the page.")
    cursor = serializers.CharField(
        required=False, max_length=400, help_text="`next` of the page before; with the same ordering and filters."
    )
