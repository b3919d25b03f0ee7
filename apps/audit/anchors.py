"""The end of the trail, told outside the database once a day: to the log, to a file, by mail.

Who rewrites the database cannot rewrite what has been told.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import structlog
from django.conf import settings
from django.core.mail import send_mail
from django.utils import timezone

from apps.audit.models import AuditHead
from apps.domain.errors import BadInput

log = structlog.get_logger("velox.audit")
FILE: Final = "anchors.log"


@dataclass(frozen=True, slots=True)
class Anchor:
    """`installation` and `at` are empty where an anchor was typed in by hand."""

    number: int
    hash: str
    installation: str = ""
    at: str = ""

    def __str__(self) -> str:
        return f"{self.number}:{self.hash}"


def anchor_file() -> Path:
    return Path(settings.AUDIT_DIR) / FILE


def anchor_write() -> Anchor | None:
    """Tell the head everywhere; None where nothing has been written yet."""
    head = AuditHead.objects.first()
    if head is None:
        return None
    anchor = Anchor(head.number, head.hash, str(head.installation), timezone.now().isoformat(timespec="seconds"))
    log.info("audit_anchor", **asdict(anchor))
    _append(anchor)
    if settings.AUDIT_MAIL:
        _mail(anchor)
    return anchor


def anchors_read(path: Path | None = None) -> list[Anchor]:
    """All anchors of the file, oldest first; none where there is no file. Raises BadInput for a line nobody wrote."""
    path = path or anchor_file()
    if not path.is_file():
        return []
    lines = enumerate(path.read_text("utf-8").splitlines(), 1)
    return [_read(line, f"{path.name} line {number}") for number, line in lines if line.strip()]


def anchor_parse(text: str) -> Anchor:
    """`number:hash`, as a mail tells it. Raises BadInput."""
    number, _, hash = text.strip().partition(":")
    if not number.isdecimal() or len(hash) != 64:
        raise BadInput(f"an anchor reads NUMBER:HASH with 64 hex digits, not {text[:80]!r}", field="anchor")
    return Anchor(int(number), hash.lower())


def _append(anchor: Anchor) -> None:
    path = anchor_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(anchor)) + "\n")
        file.flush()
        os.fsync(file.fileno())


def _read(line: str, where: str) -> Anchor:
    try:
        told = json.loads(line)
        return Anchor(int(told["number"]), str(told["hash"]), str(told["installation"]), str(told["at"]))
    except (ValueError, KeyError, TypeError):
        raise BadInput(f"{where} is not an anchor: {line[:80]!r}", field="anchor") from None


def _mail(anchor: Anchor) -> None:
    words = (
        f"On {anchor.at} the audit trail of installation {anchor.installation} ended with entry {anchor.number}.\n\n"
        f"{anchor}\n\nKeep this mail. To prove later that nothing up to here was changed or removed:\n\n"
        f"    manage.py audit_verify --anchor {anchor}\n"
    )
    try:
        send_mail(f"Velox audit anchor {anchor.number}", words, None, settings.AUDIT_MAIL)
    except OSError as error:  # the log and the file have it; tomorrow's mail covers today's too
        log.warning("audit_anchor_mail_failed", reason=str(error))
