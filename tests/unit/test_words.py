"""Nothing in the repository tells of the place it was written at."""

from __future__ import annotations

import re
import subprocess

import pytest

from tests.unit.pages import ROOT

# In pieces, so that this file does not hold what it forbids.
FORBIDDEN = {
    "a path of one machine": r"(?<![\w.$}])/(?:wo" r"rk/|ho" r"me/\w|Us" r"ers/\w|ro" r"ot/)",
    "the number of an issue": r"\b(?:iss" r"ue|tick" r"et) ?#?\d|(?<![\w&;/'\"])#\d{1,4}\b(?![\w-])",
    "who or what wrote it": r"\b(?:anth" r"ropic|cla" r"ude|sub" r"-?agents?|AI a" r"gents?|L" r"LMs?)\b",
    "the host of a package registry": r"\b(?:py"
    r"pi\.org|python"
    r"hosted|registry\.npm|deb\.deb"
    r"ian|"
    r"repo1?\.mav"
    r"en|artif"
    r"actory)",
}
# pip's own default, which the bootstrap falls back to where pip is set to nothing.
ALLOWED = {("deploy/interpreters.py", "the host of a package registry")}
NO_TEXT = {".png", ".ico", ".woff2", ".gz", ".parquet"}


def tracked() -> list[str]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [name for name in listed.stdout.split("\0") if name]


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_names(what: str) -> None:
    pattern = re.compile(FORBIDDEN[what], re.IGNORECASE)
    found = []
    for name in tracked():
        path = ROOT / name
        if path.suffix in NO_TEXT or not path.is_file() or (name, what) in ALLOWED:
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
    assert {what for what, text in samples.items() if re.search(FORBIDDEN[what], text, re.IGNORECASE)} == set(FORBIDDEN)
