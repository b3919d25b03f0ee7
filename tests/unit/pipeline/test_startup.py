"""How far a start has come, as facts."""

from __future__ import annotations

import pytest

from apps.pipeline.startup import Startup


def test_it_names_the_step_under_way_and_is_quiet_when_all_is_done() -> None:
    startup = Startup()
    startup.plan(migrate="Preparing the database", compile="Compiling")
    assert startup.reason() == "starting"
    with startup.step("migrate"):
        assert startup.reason() == "Preparing the database"
    with startup.step("compile") as step:
        step.progress(0.5, "3 of 6, ema")
        assert startup.reason() == "Compiling: 3 of 6, ema"
    assert startup.is_done and startup.reason() == ""


def test_a_step_that_failed_stays_the_reason() -> None:
    startup = Startup()
    startup.plan(migrate="Preparing the database")
    with pytest.raises(OSError), startup.step("migrate"):
        raise OSError("disk full")
    assert startup.reason() == "Preparing the database: OSError: disk full"
    assert startup.as_dict()["steps"][0]["state"] == "failed"


def test_what_comes_later_holds_nobody_up() -> None:
    startup = Startup()
    startup.plan(feeds="Opening the market")
    startup.plan_later(rest="Compiling the others")
    with startup.step("feeds"):
        pass
    assert startup.is_done
    with startup.step("rest"):
        assert startup.reason() == "" and startup.is_done


def test_nothing_planned_is_not_ready() -> None:
    assert not Startup().is_done and Startup().reason() == "starting"
