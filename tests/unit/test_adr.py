"""Decisions are numbered without gaps, have their three parts and a date, and are in the index."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.unit.pages import ROOT, links

FOLDER = ROOT / "docs" / "adr"
DECISIONS = sorted(FOLDER.glob("[0-9]*.md"))


def test_numbers_run_without_gaps() -> None:
    assert [page.name[:4] for page in DECISIONS] == [f"{number:04}" for number in range(1, len(DECISIONS) + 1)]


@pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.stem)
def test_each_has_its_parts(page: Path) -> None:
    text = page.read_text()
    assert re.match(rf"# {page.name[:4]}: \S.*\n\nDate: \d{{4}}-\d\d-\d\d\n", text)
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Context", "Choice", "Consequences"]
    assert all(part.strip() for part in re.split(r"^## .+$", text, flags=re.MULTILINE))


def test_the_index_lists_each_by_its_title() -> None:
    index = FOLDER / "README.md"
    listed = [target for target, _ in links(index) if re.match(r"\d{4}-", target)]
    assert list(dict.fromkeys(listed)) == [page.name for page in DECISIONS]
    titles = [page.read_text().split("\n", 1)[0].split(": ", 1)[1] for page in DECISIONS]
    assert re.findall(r"^\| \[\d{4}\]\([^)]*\) \| (.+) \|$", index.read_text(), re.MULTILINE) == titles


def test_every_library_has_its_reason() -> None:
    """`requirements.txt` says that 0002 tells why each is there."""
    given = re.findall(r"^([A-Za-z][\w.-]*)", (ROOT / "requirements.txt").read_text(), re.MULTILINE)
    page = (FOLDER / "0002-libraries.md").read_text().lower()
    said = {"djangorestframework": "django rest framework", "djangorestframework-simplejwt": "simplejwt"}
    said |= {"psycopg2-binary": "psycopg2"}
    assert [name for name in given if said.get(name, name).lower() not in page] == []
