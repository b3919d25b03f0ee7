"""Compiling ahead of need, and the cache folder's name."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from apps.domain.indicators import cachekey
from apps.domain.indicators.kernels import KERNELS
from apps.domain.indicators.prepare import warm_up
from apps.domain.indicators.registry import INDICATORS
from tests.unit.indicators.candles import ROOT


def test_warming_up_reports_each_piece_and_ends_at_one():
    told: list[tuple[str, float]] = []
    warm_up(lambda what, done: told.append((what, done)))
    shares = [done for _, done in told]
    assert len(told) == len(INDICATORS) + len(KERNELS)
    assert shares == sorted(shares) and shares[-1] == 1.0


def test_the_key_is_stable_and_changes_with_any_source(tmp_path):
    copy = tmp_path / "domain"
    shutil.copytree(Path(cachekey.__file__).parent.parent, copy, ignore=shutil.ignore_patterns("__pycache__"))

    def key() -> str:
        code = f"import runpy; print(runpy.run_path({str(copy / 'indicators' / 'cachekey.py')!r})['cache_key']())"
        return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()

    before = key()
    assert before == key() == cachekey.cache_key()
    with (copy / "indicators" / "parts.py").open("a") as source:
        source.write("\n")
    assert key() != before


def test_the_key_needs_neither_numba_nor_numpy():
    code = (
        "import sys; from apps.domain.indicators.cachekey import cache_key; cache_key(); "
        "assert not {'numba', 'numpy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
