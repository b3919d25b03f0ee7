"""manage.py audit_verify: prove that nobody changed the audit trail, or name where somebody did."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.audit.anchors import anchor_parse, anchors_read
from apps.audit.verify import audit_verify
from apps.domain.errors import BadInput


class Command(BaseCommand):
    help = "Read the whole audit trail; fail and name every entry that was changed, removed, inserted or moved."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--anchor", action="append", default=[], help="NUMBER:HASH as a mail told it; repeatable")
        parser.add_argument("--anchors", type=Path, help="another file of anchors than var/audit/anchors.log")

    def handle(self, *args: Any, anchor: list[str], anchors: Path | None, **options: Any) -> None:
        try:
            known = [*anchors_read(anchors), *map(anchor_parse, anchor)]
        except BadInput as error:
            raise CommandError(error.message) from error
        report = audit_verify(known)
        for finding in report.findings:
            self.stderr.write(str(finding))
        if not report.whole:
            raise CommandError(f"the trail is not what was written: {len(report.findings)} findings")
        self.stdout.write(
            f"{report.entries} entries, {report.anchors} anchors: the trail is what was written. "
            f"It ends with {report.last[:16] or 'nothing'}"
        )
