"""One running Velox for each folder of data: a second one would settle the same fills again."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import IO

from apps.domain.errors import Misconfigured


def take(folder: Path) -> IO[str]:
    """Hold the folder until the file is closed or the process ends. Raises Misconfigured naming who holds it."""
    held = (folder / "velox.lock").open("a+")
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        held.seek(0)
        owner = held.read().strip() or "unknown"
        held.close()
        raise Misconfigured(
            f"Velox already runs on {folder} (process {owner}); stop it first, or set VELOX_VAR"
        ) from None
    held.seek(0)
    held.truncate()
    held.write(str(os.getpid()))
    held.flush()
    return held
