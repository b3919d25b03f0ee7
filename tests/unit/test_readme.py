"""What README and docs say about the code is what the code says."""

from __future__ import annotations

import re

import pytest

from apps.pipeline.flow import flow_markdown
from tests.unit.pages import ROOT, anchors, links, pages

README = ROOT / "README.md"


def test_the_path_table_is_the_one_flow_gives() -> None:
    table = re.search(r"^\| stage \|.*?(?=\n\n)", README.read_text(), re.DOTALL | re.MULTILINE)
    assert table is not None, "README.md has lost its path table"
    assert table[0] == flow_markdown(), f"put this into README.md:\n\n{flow_markdown()}"


def test_it_opens_with_the_two_commands() -> None:
    before_the_table = README.read_text().split("| stage |")[0]
    assert re.findall(r"^make (\w+)", before_the_table, re.MULTILINE) == ["run", "test"]


@pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))
def test_every_relative_link_leads_somewhere(page) -> None:  # type: ignore[no-untyped-def]
    for target, anchor in links(page):
        file = (page.parent / target).resolve() if target else page
        assert file.exists(), f"{page.name} links to {target}, which is not there"
        if anchor:
            assert anchor in anchors(file), f"{page.name} links to #{anchor}, which {file.name} does not have"


def test_every_page_can_be_found_from_the_index() -> None:
    seen, todo = set(), [ROOT / "docs" / "README.md"]
    while todo:
        page = todo.pop()
        seen.add(page)
        found = {(page.parent / target).resolve() for target, _ in links(page) if target.endswith(".md")}
        todo += [each for each in found if each not in seen and each not in todo]
    assert not [str(page.relative_to(ROOT)) for page in pages() if page not in seen]


def test_every_page_that_the_code_names_is_there() -> None:
    code = [file for folder in ("apps", "velox", "tests") for file in (ROOT / folder).rglob("*.py")]
    named = {page for file in code for page in re.findall(r"\bdocs/[\w/-]+\.(?:md|json)\b", file.read_text())}
    assert named and [page for page in sorted(named) if not (ROOT / page).is_file()] == []


def test_every_make_target_that_a_page_names_is_there() -> None:
    text = (ROOT / "Makefile").read_text()
    text += "".join((ROOT / name).read_text() for name in re.findall(r"^-?include (\S+)$", text, re.MULTILINE))
    targets = set(re.findall(r"^([a-z-]+):", text, re.MULTILINE))
    named = {name for page in pages() for name in re.findall(r"(?:^|`)make ([a-z][a-z-]*)", page.read_text(), re.M)}
    assert named <= targets
