"""Single rows without the ORM's cost: for the few statements each order has to wait for.

Building one ORM query costs about ten times what SQLite needs to run it. Here the SQL of each
statement is made once and the fields of the model still say how values become columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from django.db import connection, models


def row_insert(model: type[models.Model], **columns: Any) -> int:
    """Insert one row and return its key. Every column without a database default has to be named."""
    sql, fields = _insert(model, tuple(columns))
    values = [field.get_db_prep_save(value, connection) for field, value in zip(fields, columns.values(), strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return int(cursor.fetchone()[0])


def row_update(model: type[models.Model], key: int, **columns: Any) -> None:
    """Set columns of one row by its key."""
    sql, fields = _update(model, tuple(columns))
    values = [field.get_db_prep_save(value, connection) for field, value in zip(fields, columns.values(), strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(sql, [*values, key])


def rows(sql: str, params: Sequence[Any]) -> list[tuple[Any, ...]]:
    """What a query finds, as the driver gives it: ExactDecimalField columns are text in SQLite."""
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall()


@cache
def _insert(model: type[models.Model], names: tuple[str, ...]) -> tuple[str, list[models.Field[Any, Any]]]:
    fields = [model._meta.get_field(name) for name in names]
    columns = ", ".join(f'"{field.column}"' for field in fields)
    marks = ", ".join(["%s"] * len(fields))
    key = model._meta.pk.column
    return f'INSERT INTO "{model._meta.db_table}" ({columns}) VALUES ({marks}) RETURNING "{key}"', fields  # noqa: S608


@cache
def _update(model: type[models.Model], names: tuple[str, ...]) -> tuple[str, list[models.Field[Any, Any]]]:
    fields = [model._meta.get_field(name) for name in names]
    columns = ", ".join(f'"{field.column}" = %s' for field in fields)
    return f'UPDATE "{model._meta.db_table}" SET {columns} WHERE "{model._meta.pk.column}" = %s', fields  # noqa: S608
