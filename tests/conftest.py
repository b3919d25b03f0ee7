"""What tests of every folder may ask for."""

from __future__ import annotations

from pathlib import Path

import pytest

from velox.env import env


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of recorded market data; a test that asks for it is skipped where there is none."""
    path = env.path("VELOX_DATA")
    if not (path / "MANIFEST.csv").is_file():
        pytest.skip(f"no recorded market data at {path}: set VELOX_DATA to its folder")
    return path
