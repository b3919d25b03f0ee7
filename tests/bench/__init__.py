"""Benchmarks, each beside its peer or floor."""

import velox  # noqa: F401  before numba: it names the folder of numba's cache after the sources
