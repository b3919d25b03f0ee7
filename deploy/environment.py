"""Builds what Velox runs in: a CPython it works with, .venv with its requirements, and what its pages load.

    python3 deploy/environment.py [--dev]     # any Python 3.8 or newer; only the standard library

Done again it looks at fingerprints and does only what changed. The environment variable VENV names another
place for the environment, PYTHON an interpreter to use. Progress goes to stderr, one line a step.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import assets
import interpreters
from interpreters import Trouble

ROOT = Path(__file__).resolve().parent.parent
STAMP = "velox-environment.json"


def say(text: str) -> None:
    print(f"velox: {text}", file=sys.stderr, flush=True)


def fingerprint(*paths: Path) -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.read_bytes() if path.exists() else b"")
    return digest.hexdigest()[:20]


def stamp_read(venv: Path) -> dict[str, str]:
    """What was built there by an earlier run that came to its end."""
    try:
        return dict(json.loads((venv / STAMP).read_text("utf-8")))
    except (OSError, ValueError):
        return {}


def stamp_write(venv: Path, stamp: dict[str, str]) -> None:
    beside = venv / (STAMP + ".new")
    beside.write_text(json.dumps(stamp, indent=1), "utf-8")
    beside.replace(venv / STAMP)


def venv_ensure(venv: Path) -> Path:
    """The environment's own Python, building the environment where there is none that answers."""
    python = venv / "bin" / "python"
    if python.exists() and interpreters.answers(str(python)):
        return python
    found = interpreters.find(say)
    say(f"building {venv.name} with {found}")
    if venv.exists():
        shutil.rmtree(venv)
    venv.parent.mkdir(parents=True, exist_ok=True)
    uv = interpreters.uv_find(say)
    if uv is not None and _runs([uv, "venv", "--quiet", "--python", found, str(venv)]):
        return python
    if not _runs([found, "-m", "venv", str(venv)]):
        shutil.rmtree(venv, ignore_errors=True)
        raise Trouble(f"{found} cannot build environments: install its venv and ensurepip modules (python3-venv)")
    return python


def requirements_install(python: Path, listed: Path) -> None:
    say(f"installing {listed.name}")
    began = time.monotonic()
    uv = interpreters.uv_find(say)
    with_uv = [uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", str(python), "-r", str(listed)]
    with_pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", str(listed)]
    if not (uv is not None and _runs(with_uv)):
        has_pip = _runs([str(python), "-m", "pip", "--version"]) or _runs([str(python), "-m", "ensurepip"])
        if not (has_pip and _runs(with_pip)):
            raise Trouble(f"the packages in {listed.name} could not be installed; what was refused stands above")
    say(f"installed in {time.monotonic() - began:.0f} s")


def _runs(command: list[str]) -> bool:
    """Whether the command ended well; what it says goes to stderr."""
    try:
        return subprocess.run(command, stdout=sys.stderr, env=interpreters.environ(), cwd=ROOT).returncode == 0
    except OSError as error:
        say(f"{command[0]}: {error}")
        return False


def build(venv: Path, dev: bool) -> None:
    python = venv_ensure(venv)
    stamp = stamp_read(venv)
    runtime, develop = ROOT / "requirements.txt", ROOT / "requirements-dev.txt"
    wanted = {"runtime": fingerprint(runtime)}
    if dev:
        wanted["dev"] = fingerprint(runtime, develop)
    if any(stamp.get(name) != value for name, value in wanted.items()):
        requirements_install(python, develop if dev else runtime)
        stamp.update(wanted)
        stamp_write(venv, stamp)
    assets.build(ROOT, python, dev, say)


def main() -> int:
    parser = argparse.ArgumentParser(description="Builds the environment Velox runs in.")
    parser.add_argument("--dev", action="store_true", help="with what tests, checks and benchmarks need")
    chosen = parser.parse_args()
    venv = Path(os.environ.get("VENV") or ROOT / ".venv")
    try:
        build(venv if venv.is_absolute() else ROOT / venv, chosen.dev)
    except Trouble as trouble:
        say(str(trouble))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
