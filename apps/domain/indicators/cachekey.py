"""A name for numba's cache folder that changes with every source it holds machine code of.

numba looks only at the file of the function it compiles, never at the functions that one calls: after a change in
parts.py it would go on running the old steps. So the cache lies in a folder named by a hash of all sources.
Set `NUMBA_CACHE_DIR` to `str(base / cache_key())` before numba is imported.
"""

from __future__ import annotations

import hashlib
import platform
from pathlib import Path


def cache_key() -> str:
    """Hash of the domain's sources and of the Python that runs them. Imports neither numba nor numpy."""
    domain = Path(__file__).resolve().parent.parent
    digest = hashlib.sha256(platform.python_version().encode())
    for source in sorted(domain.rglob("*.py")):
        digest.update(source.relative_to(domain).as_posix().encode())
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]
