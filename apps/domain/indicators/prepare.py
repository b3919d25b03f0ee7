"""Compile everything once, ahead of need, and say how far it is."""

from __future__ import annotations

from collections.abc import Callable

from apps.domain.indicators.kernels import KERNELS
from apps.domain.indicators.registry import INDICATORS


def warm_up(report: Callable[[str, float], None] = lambda what, done: None) -> None:
    """Compile, or read from numba's cache, every indicator and every kernel.

    `report` is told what was made ready and the share done, 0..1. Seconds without a cache, below one with.
    """
    total = len(INDICATORS) + len(KERNELS)
    for done, spec in enumerate(INDICATORS.values(), 1):
        _ = spec.step.address
        report(spec.title, done / total)
    for done, kernel in enumerate(KERNELS, 1 + len(INDICATORS)):
        kernel.compile()
        report(f"loop {kernel.name}", done / total)
