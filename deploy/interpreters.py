"""Finds a CPython 3.12 or 3.13 that really answers, and uv, fetching either where a machine has none."""

from __future__ import annotations

import configparser
import glob
import hashlib
import io
import os
import platform
import re
import shutil
import subprocess
import sys
import urllib.parse
import urllib.request
import zipfile
from pathlib import Path
from typing import Callable, Iterator

VERSIONS = ("3.12", "3.13")  # pandas-ta needs 3.12 or newer, its numba is older than 3.14; tried in this order
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "velox"
_ASK = (
    "import sys, platform, ctypes, sqlite3, ssl, zlib;"
    "print(platform.python_implementation(), '%d.%d' % sys.version_info[:2], sys.maxsize > 2**32)"
)

Say = Callable[[str], None]


class Trouble(Exception):
    """Something only a person can mend; the text says what to do."""


def environ() -> dict[str, str]:
    """The process environment, with the package index that pip is set to told to uv as well."""
    told = dict(os.environ)
    if not any(name in told for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL")) and (index := _index()):
        told["UV_DEFAULT_INDEX"] = index
    return told


def answers(python: str) -> bool:
    """Whether this is a 64-bit CPython of a version we run on, with the modules we need. pyenv's shims may refuse."""
    try:
        asked = subprocess.run([python, "-c", _ASK], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return False
    words = asked.stdout.decode().split()
    return asked.returncode == 0 and words[:1] == ["CPython"] and words[1] in VERSIONS and words[2] == "True"


def find(say: Say) -> str:
    """Path of an interpreter to build with; fetched by uv where none is installed. Raises Trouble."""
    for python in _candidates():
        if answers(python):
            return python
    say(f"no CPython {' or '.join(VERSIONS)} here that answers: asking uv for one")
    uv = uv_find(say)
    if uv is not None:
        subprocess.run([uv, "python", "install", VERSIONS[0]], stdout=sys.stderr, env=environ(), check=False)
        found = _output([uv, "python", "find", VERSIONS[0]])
        if found and answers(found):
            return found
    raise Trouble(
        "Velox needs CPython 3.12 or 3.13 and none could be found or fetched. Install one (Debian 13: apt-get install "
        "python3 python3-venv; macOS: brew install python@3.12; with pyenv: pyenv install 3.12) and run this again, "
        "or name it: make run PYTHON=/path/to/python3.12"
    )


def _candidates() -> Iterator[str]:
    if os.environ.get("PYTHON"):
        yield os.environ["PYTHON"]
    names = [f"python{version}" for version in VERSIONS]
    yield from filter(None, map(shutil.which, names))
    yield sys.executable
    pyenv = shutil.which("pyenv")
    for version in VERSIONS:
        if pyenv:
            prefix = _output([pyenv, "prefix", version])
            if prefix:
                yield str(Path(prefix) / "bin" / "python")
        root = os.environ.get("PYENV_ROOT") or str(Path.home() / ".pyenv")
        yield from sorted(glob.glob(f"{root}/versions/{version}*/bin/python"), reverse=True)
        yield f"/opt/homebrew/bin/python{version}"
        yield f"/usr/local/bin/python{version}"


def _output(command: list[str]) -> str:
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environ(), timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode().strip() if done.returncode == 0 else ""


def uv_find(say: Say) -> str | None:
    """uv from PATH or from our cache, else installed there; None where it cannot be had (pip serves then)."""
    kept = CACHE / "uv" / "bin" / "uv"
    for uv in (shutil.which("uv"), str(kept)):
        if uv and _output([uv, "--version"]):
            return uv
    say("fetching uv, which installs packages faster than pip")
    into = ["install", "--quiet", "--disable-pip-version-check", "--target", str(CACHE / "uv"), "--upgrade", "uv"]
    for python in dict.fromkeys((sys.executable, "/usr/bin/python3")):
        if _output([python, "-m", "pip", "--version"]):
            subprocess.run([python, "-m", "pip", *into], stdout=sys.stderr, stderr=subprocess.DEVNULL, check=False)
        if _output([str(kept), "--version"]):
            return str(kept)
    try:
        _uv_unpack(kept)
    except (OSError, ValueError) as error:
        say(f"uv cannot be had here ({error}); going on with pip")
        return None
    return str(kept)


def _uv_unpack(target: Path) -> None:
    """uv's wheel without pip: many a bare Python has none. A wheel is a zip file, its checksum is in the index."""
    index = _index()
    if not index:
        raise ValueError("this Python has no pip, and no package index is set")
    page = f"{index}/uv/"
    with urllib.request.urlopen(page, timeout=60) as answer:
        links = re.findall(r'href="([^"]+)"', answer.read().decode())
    fitting = [link for link in links if _fits(link)]
    if not fitting:
        raise ValueError("the index has no uv for this machine")
    link = urllib.parse.urljoin(page, max(fitting, key=_version).replace("&amp;", "&"))
    with urllib.request.urlopen(link.split("#")[0], timeout=300) as answer:
        wheel = answer.read()
    checksum = re.search(r"#sha256=([0-9a-f]{64})", link)
    if checksum and hashlib.sha256(wheel).hexdigest() != checksum.group(1):
        raise ValueError("what the index sent is not what it announced")
    with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
        name = next(name for name in archive.namelist() if name.endswith("scripts/uv"))
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(archive.read(name))
    target.chmod(0o755)


def _fits(link: str) -> bool:
    machine = {"arm64": "aarch64", "AMD64": "x86_64"}.get(platform.machine(), platform.machine())
    if sys.platform == "darwin":
        system = r"macosx_[^-]*_" + {"aarch64": "arm64"}.get(machine, machine)
    else:
        system = rf"manylinux[^-]*_{machine}"
    return re.search(rf"uv-[0-9.]+-py3-none-{system}[^/-]*\.whl", link) is not None


def _version(link: str) -> tuple[int, ...]:
    found = re.search(r"uv-([0-9.]+)-", link)
    return tuple(int(part) for part in found.group(1).split(".")) if found else ()


def _index() -> str:
    """The package index this machine's pip is set to, by variable or by file; empty where none is."""
    given = os.environ.get("PIP_INDEX_URL") or os.environ.get("UV_DEFAULT_INDEX") or os.environ.get("UV_INDEX_URL")
    if given:
        return given.rstrip("/")
    home = Path.home()
    files = [home / ".config/pip/pip.conf", home / ".pip/pip.conf", Path("/etc/pip.conf")]
    for path in [Path(os.environ.get("PIP_CONFIG_FILE", "")), *files]:
        reader = configparser.RawConfigParser()
        try:
            reader.read(path)
            return reader.get("global", "index-url").rstrip("/")
        except (configparser.Error, OSError):
            continue
    return ""
