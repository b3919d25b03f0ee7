"""The path's table is a path."""

from __future__ import annotations

from apps.pipeline.flow import FLOW
from velox.wiring import HOSTED, System


def test_every_topic_that_is_read_is_written_by_some_stage() -> None:
    written = {topic for stage in FLOW for topic in stage.writes}
    assert {topic for stage in FLOW for topic in stage.reads} <= written


def test_every_hosted_stage_has_its_place_in_the_wiring() -> None:
    assert HOSTED == ("aggregate", "decide", "guard", "route", "settle", "broadcast")
    assert all(callable(getattr(System, f"_{name}")) for name in HOSTED)
