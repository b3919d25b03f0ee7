"""Small recordings written to disk."""

from __future__ import annotations

import gzip
from pathlib import Path

QUOTES = """time,bid,ask
2024-01-01T00:00:00.5Z,1.1000,1.1002
2024-01-01T00:00:01Z,1.1001,1.1001
2024-01-01T00:00:02.000001Z,1.1003,1.1004
"""
CANDLES = """time,open,high,low,close,volume
2024-01-01T00:00:00Z,10,12,9,11,100
2024-01-01T00:01:00Z,11,11.5,8,9,50
"""


def write(folder: Path, text: str, name: str = "file.csv") -> Path:
    path = folder / name
    path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
    return path
