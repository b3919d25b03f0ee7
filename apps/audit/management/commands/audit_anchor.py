"""manage.py audit_anchor: tell the end of the audit trail outside the database."""

from typing import Any

from django.core.management.base import BaseCommand

from apps.audit.anchors import anchor_write


class Command(BaseCommand):
    help = "Write the hash of the trail's last entry to the log, to var/audit/anchors.log and to AUDIT_MAIL."

    def handle(self, *args: Any, **options: Any) -> None:
        anchor = anchor_write()
        self.stdout.write(str(anchor) if anchor else "the trail is empty: nothing to anchor")
