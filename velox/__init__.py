"""The project: configuration and wiring, no trading rules."""

from velox.env import numba_cache_prepare

numba_cache_prepare()
