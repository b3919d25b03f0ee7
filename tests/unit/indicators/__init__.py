"""Proofs of the indicators.

numba's cache lies in a folder named by the sources, as `apps.domain.indicators.cachekey` explains: without it a test
would run the machine code of an older step.
"""

from pathlib import Path

import numba

from apps.domain.indicators.cachekey import cache_key

if not numba.config.CACHE_DIR:
    numba.config.CACHE_DIR = str(Path(__file__).resolve().parents[3] / "build" / "numba" / cache_key())
