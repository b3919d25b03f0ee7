"""The two checks that hold in every shape: the database is migrated, the pages' assets are in place."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

_migrated = False


def migrated() -> str:
    """Asked of the database until it says yes; migrations do not unhappen under a running process."""
    global _migrated
    if not _migrated:
        executor = MigrationExecutor(connection)
        waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
        if waiting:
            return f"{len(waiting)} migrations wait: run manage.py migrate"
        _migrated = True
    return ""


def assets_there() -> str:
    vendor = Path(settings.BASE_DIR) / "static" / "vendor"
    if not vendor.is_dir() or not any(vendor.iterdir()):
        return "static/vendor is empty: run make assets"
    return ""
