"""A recording's impossible rows are told to people: in the log, and on the system page."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from apps.bus.memory import MemoryBus
from apps.feeds.replay import ReplayFeed
from apps.pipeline.stages.ingest import Ingest

QUOTES = """time,bid,ask
2024-01-02T10:00:00Z,1.1000,1.1002
2024-01-02T10:00:01Z,1.1005,1.1003
2024-01-02T10:00:02Z,1.1001,1.1003
"""


def test_what_was_refused_is_said_by_row(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "eurusd.csv"
    path.write_text(QUOTES)
    ingest = Ingest(MemoryBus(), ReplayFeed(path, 1))
    with caplog.at_level(logging.INFO, "velox.ingest"):
        ingest.start()
        assert ingest.done.wait(10)
    ingest.stop()
    said = "\n".join(record.getMessage() for record in caplog.records)
    for text in (said, str(ingest.as_dict()["rows"])):
        assert "2 of 3 rows kept" in text
        assert "1 crossed rows dropped; the first: row 3" in text
    assert ingest.ticks == 2 + 1  # the clock row that ends it
