"""The environment's builder: what it accepts, what it leaves alone, what it says when it cannot go on."""

from __future__ import annotations

import json
import stat
import sys
from pathlib import Path

import assets
import environment
import interpreters
import pytest


def script(path: Path, text: str) -> str:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def test_this_interpreter_answers() -> None:
    assert interpreters.answers(sys.executable)


@pytest.mark.parametrize(
    "says",
    [
        "exit 127",
        "echo CPython 3.11 True",
        "echo CPython 3.14 True",
        "echo PyPy 3.12 True",
        "echo CPython 3.12 False",
        "",
    ],
    ids=["a shim that refuses", "too old", "too new", "not CPython", "32 bit", "silent"],
)
def test_an_interpreter_that_will_not_do_is_passed_over(tmp_path: Path, says: str) -> None:
    assert not interpreters.answers(script(tmp_path / "python3.12", says))


def test_the_package_index_is_the_one_pip_uses_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PIP_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "pip.conf").write_text("[global]\nindex-url = https://packages.example/simple/\n")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
    assert interpreters.environ()["UV_DEFAULT_INDEX"] == "https://packages.example/simple"
    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://other.example/simple")
    assert interpreters.environ()["UV_DEFAULT_INDEX"] == "https://other.example/simple"


def test_the_wheel_for_this_machine_is_chosen_and_the_newest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interpreters.sys, "platform", "linux")
    monkeypatch.setattr(interpreters.platform, "machine", lambda: "x86_64")
    links = [
        "/f/uv-0.9.0-py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64.whl#sha256=00",
        "/f/uv-0.13.9-py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64.whl#sha256=00",
        "/f/uv-0.13.9-py3-none-manylinux_2_17_aarch64.manylinux2014_aarch64.whl",
        "/f/uv-0.13.9-py3-none-macosx_10_12_x86_64.whl",
        "/f/uv-0.13.9.tar.gz",
    ]
    assert [interpreters._fits(link) for link in links] == [True, True, False, False, False]
    assert max(links[:2], key=interpreters._version) == links[1]


def test_an_interrupted_build_leaves_no_stamp_and_a_whole_one_is_believed(tmp_path: Path) -> None:
    assert environment.stamp_read(tmp_path) == {}
    environment.stamp_write(tmp_path, {"runtime": "a"})
    assert environment.stamp_read(tmp_path) == {"runtime": "a"}
    (tmp_path / environment.STAMP).write_text("half a fi")
    assert environment.stamp_read(tmp_path) == {}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of one asset, and an npm that brings it and notes each call."""
    (tmp_path / "package.json").write_text(json.dumps({"vendor": {"charts/charts.mjs": "charts.mjs"}}))
    tools = tmp_path / "bin"
    tools.mkdir()
    script(tools / "npm", '[ "$1" = --version ] || { echo "$@" >> calls; mkdir -p node_modules/charts; '
           'echo code > node_modules/charts/charts.mjs; }')  # fmt: skip
    monkeypatch.setenv("PATH", str(tools), prepend=":")
    return tmp_path


def build(project: Path, dev: bool = False) -> None:
    assets.build(project, Path(sys.executable), dev, lambda text: None)


def calls(project: Path) -> list[str]:
    return (project / "calls").read_text().splitlines()


def test_assets_are_fetched_once_and_copied_by_the_table(project: Path) -> None:
    build(project)
    build(project)
    assert (project / "static/vendor/charts.mjs").read_text() == "code\n"
    assert len(calls(project)) == 1 and "--omit=dev" in calls(project)[0]


def test_assets_are_fetched_again_when_the_table_changed_a_file_is_gone_or_tests_need_more(project: Path) -> None:
    build(project)
    (project / "static/vendor/charts.mjs").unlink()
    build(project)
    build(project, dev=True)
    (project / "package-lock.json").write_text("{}")
    build(project)
    assert len(calls(project)) == 4
    assert calls(project)[3].startswith("ci ")


def test_a_table_that_names_what_npm_does_not_bring_is_trouble(project: Path) -> None:
    (project / "package.json").write_text(json.dumps({"vendor": {"charts/gone.mjs": "charts.mjs"}}))
    with pytest.raises(interpreters.Trouble, match=r"charts/gone\.mjs"):
        build(project)
