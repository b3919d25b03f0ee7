"""Where the recorded market data and its known answers lie; none of it is part of the repository."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(os.environ.get("VELOX_DATA") or Path(__file__).resolve().parents[3] / "../shared/data")
needs_data = pytest.mark.skipif(
    not (ROOT / "expected").is_dir(), reason=f"no recorded market data in {ROOT} (VELOX_DATA says where it is)"
)


def answers(name: str) -> dict[str, Any]:
    """A file of known answers; empty where there is no data, so that tests can be collected."""
    path = ROOT / "expected" / name
    return dict(json.loads(path.read_text())) if path.is_file() else {}
