"""The database itself refuses to change or remove an entry, whoever asks.

Not proof against somebody who may drop a trigger (that is what the hashes are for), but against every
slip: a shell, a script, an ORM that was told to.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from django.db.backends.base.base import BaseDatabaseWrapper

_TABLE: Final = "audit_auditentry"
_WORDS: Final = "the audit trail is append-only"

_SQLITE: Final = {
    verb: f"CREATE TRIGGER IF NOT EXISTS audit_no_{verb.lower()} BEFORE {verb} ON {_TABLE}"
    f" BEGIN SELECT RAISE(ABORT, '{_WORDS}'); END"
    for verb in ("UPDATE", "DELETE")
}
_POSTGRES: Final = (
    f"CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS"
    f" $$ BEGIN RAISE EXCEPTION '{_WORDS}' USING ERRCODE = 'integrity_constraint_violation'; END $$",
    f"DROP TRIGGER IF EXISTS audit_no_change ON {_TABLE}",
    f"CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE ON {_TABLE} FOR EACH ROW EXECUTE FUNCTION audit_refuse()",
)


def guard_install(connection: BaseDatabaseWrapper) -> None:
    _run(connection, _SQLITE.values() if connection.vendor == "sqlite" else _POSTGRES)


def guard_remove(connection: BaseDatabaseWrapper) -> None:
    """For migrations backwards, and for tests that tamper."""
    if connection.vendor == "sqlite":
        _run(connection, [f"DROP TRIGGER IF EXISTS audit_no_{verb.lower()}" for verb in _SQLITE])
    else:
        _run(connection, [f"DROP TRIGGER IF EXISTS audit_no_change ON {_TABLE}"])


def _run(connection: BaseDatabaseWrapper, statements: Iterable[str]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
