"""Nothing in the repository tells of the place it was written at."""

from __future__ import annotations

import re
import subprocess

import pytest

from tests.unit.pages import ROOT

# With a ~ in each word, so that this file does not hold what it forbids.
FORBIDDEN = {
    "a path of one machine": r"(?<![\w.$}])/(?:wo~rk/|ho~me/\w|Us~ers/\w|ro~ot/)",
    "the number of an issue": r"\b(?:iss~ue|tick~et) ?#?\d|(?<![\w&;/'\"])#\d{1,4}\b(?![\w-])",
    "who or what wrote it": r"\b(?:anth~ropic|cla~ude|(?:sub-?|AI )ag~ents?|L~LMs?)\b",
    "the host of a package registry": r"\b(?:py~pi\.org|python~hosted|registry\.n~pm|deb\.deb~ian|mav~en\.org/maven2|"
    r"artif~actory)",
}
NO_TEXT = {".png", ".ico", ".woff2", ".gz", ".parquet"}


def forbidden(what: str) -> re.Pattern[str]:
    return re.compile(FORBIDDEN[what].replace("~", ""), re.IGNORECASE)


def tracked() -> list[str]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [name for name in listed.stdout.split("\0") if name]


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_names(what: str) -> None:
    pattern = forbidden(what)
    found = []
    for name in tracked():
        path = ROOT / name
        if path.suffix in NO_TEXT or not path.is_file():
            continue
        for number, line in enumerate(path.read_text("utf-8", "replace").splitlines(), 1):
            if pattern.search(line):
                found.append(f"{name}:{number}: {line.strip()[:100]}")
    assert not found, "\n".join(found)


def test_it_would_notice() -> None:
    samples = {
        "a path of one machine": "see /wo" + "rk/main/x",
        "the number of an issue": "as iss" + "ue 12 asks",
        "who or what wrote it": "written by Cla" + "ude",
        "the host of a package registry": "from py" + "pi.org",
    }
    assert {what for what, text in samples.items() if forbidden(what).search(text)} == set(FORBIDDEN)
