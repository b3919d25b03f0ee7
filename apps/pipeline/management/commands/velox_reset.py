"""manage.py velox_reset: forget everything this installation has remembered on this machine."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from apps.domain.errors import Misconfigured
from apps.pipeline.one_only import take


class Command(BaseCommand):
    help = "Removes the SQLite database, uploads and logs, so that the next start begins anew."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        database = settings.DATABASES["default"]
        if "sqlite" not in database["ENGINE"] or settings.SETTINGS_MODULE.endswith(".prod"):
            raise CommandError("only the embedded shape's own SQLite file is reset; drop a server's database yourself")
        try:
            with take(settings.VAR_DIR):
                for ending in ("", "-wal", "-shm"):
                    Path(database["NAME"] + ending).unlink(missing_ok=True)
                for folder in (settings.LOG_DIR, settings.MEDIA_ROOT, settings.AUDIT_DIR):
                    shutil.rmtree(folder, ignore_errors=True)
        except Misconfigured as running:
            raise CommandError(running.message) from running
        self.stdout.write("Forgotten. The next start begins anew.")
