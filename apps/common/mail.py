"""Where no mail server is named, mails go to the console and to one file each."""

from __future__ import annotations

import sys
from typing import Any

from django.core.mail.backends.filebased import EmailBackend as FileBackend


class ConsoleAndFile(FileBackend):
    def write_message(self, message: Any) -> None:
        super().write_message(message)
        sys.stdout.write(f"\n--- mail, also in {self._fname}\n{message.message().as_string()}\n---\n")
        sys.stdout.flush()
