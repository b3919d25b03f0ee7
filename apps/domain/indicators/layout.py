"""Where the state, parameters and outputs of a set of indicators lie in flat memory."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from apps.domain.indicators.registry import Request, parse


class Layout:
    """A set of indicators made ready for the kernels; each is kept once, in the order of first mention.

    `columns`: text form -> its columns in a row of outputs, `width` wide. `labels`: one name a column. `size`:
    floats of state a slot needs. `warm_up`: candles until all outputs are final for the first time.
    """

    def __init__(self, requests: Iterable[Request | str]) -> None:
        made = (parse(wanted) if isinstance(wanted, str) else wanted for wanted in requests)
        self.requests: tuple[Request, ...] = tuple({str(wanted): wanted for wanted in made}.values())
        self.columns: dict[str, slice] = {}
        self.width = 0
        rows: list[tuple[int, int, int, int]] = []
        params: list[float] = []
        places, self.size = _places(self.requests)
        for wanted, place in zip(self.requests, places, strict=True):
            spec, values = wanted.spec, wanted.values
            rows.append((spec.step.address, place, len(params), self.width))
            params += (*values, *spec.constants(*values))
            self.columns[str(wanted)] = slice(self.width, self.width + len(spec.outputs))
            self.width += len(spec.outputs)
        self.plan: NDArray[np.int64] = np.array(rows, np.int64).reshape(len(rows), 4)
        self.params: NDArray[np.float64] = np.array(params or [0.0], np.float64)
        self.labels = tuple(label for wanted in self.requests for label in wanted.labels)
        self.warm_up = max((wanted.warm_up for wanted in self.requests), default=0)


def _places(requests: tuple[Request, ...]) -> tuple[list[int], int]:
    """Where each one's state begins, and the floats of all. Small states lie first, side by side: a provisional
    value reads only the first few floats of a state, and so touches few cache lines."""
    sizes = [wanted.spec.state(*wanted.values) for wanted in requests]
    places, end = [0] * len(sizes), 0
    for j in sorted(range(len(sizes)), key=sizes.__getitem__):
        places[j], end = end, end + sizes[j]
    return places, end
