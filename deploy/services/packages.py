"""What is downloaded: a Debian tree with the servers, and Kafka's jars. Both live in the user's cache.

Clones share them. Debian 12 has no TimescaleDB; Debian 13 has one for PostgreSQL 17. A small Debian 13 tree beside the
system therefore brings all servers but Kafka, without installing anything on the machine itself.
The tree is only ever read once it is built: what the servers write is mounted into it at /srv.
"""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from .home import DEPLOY, Home, Refused, only_one

SUITE = "trixie"
PACKAGES = ("postgresql-17", "postgresql-17-timescaledb", "pgbouncer", "redis-server", "prometheus")
INSIDE = Path("/srv")  # where the home of the servers appears inside the tree
POSTGRES_BIN = "/usr/lib/postgresql/17/bin"


def tree(home: Home) -> Path:
    """The Debian tree, built on the first call (about a minute)."""
    recipe = hashlib.sha256(" ".join((SUITE, *PACKAGES)).encode()).hexdigest()[:10]
    place = home.cache / f"debian-{SUITE}-{recipe}"
    with only_one(home.cache / "tree.lock"):
        if not place.exists():
            _build_tree(place)
    return place


def in_tree(home: Home, user: str, command: Sequence[str], environment: Mapping[str, str] | None = None) -> list[str]:
    """The command line that runs `command` inside the tree as `user`, in the same process.

    The mounts belong to that process alone, so removing the tree or the home can never reach the
    machine's /dev, and nothing is left mounted when the server ends.
    """
    root = tree(home)
    settings = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "HOME": "/tmp", **(environment or {})}  # noqa: S108
    inner = ["chroot", f"--userspec={user}", str(root), "env", "-i"]
    inner += [f"{name}={value}" for name, value in settings.items()] + list(command)
    mounts = (
        f"mount --rbind /proc {shlex.quote(f'{root}/proc')}"
        f" && mount --rbind /dev {shlex.quote(f'{root}/dev')}"
        f" && mount --bind {shlex.quote(str(home.root))} {shlex.quote(f'{root}{INSIDE}')}"
    )
    return ["unshare", "--mount", "--propagation", "private", "sh", "-c", f"{mounts} && exec {shlex.join(inner)}"]


def owner_ids(home: Home, user: str) -> tuple[int, int]:
    """(uid, gid) that `user` has inside the tree."""
    for line in (tree(home) / "etc" / "passwd").read_text().splitlines():
        name, _, uid, gid, *_ = line.split(":")
        if name == user:
            return int(uid), int(gid)
    raise Refused(f"the tree {tree(home)} has no user {user}: remove it and start again")


def kafka_jars(home: Home) -> Path:
    """Kafka and its tools as jars, fetched by Maven on the first call."""
    pom = DEPLOY / "kafka" / "pom.xml"
    place = home.cache / f"kafka-{hashlib.sha256(pom.read_bytes()).hexdigest()[:10]}"
    _need("java", "default-jre-headless")
    with only_one(home.cache / "kafka.lock"):
        if not place.exists():
            _need("mvn", "maven")
            draft = place.with_suffix(".draft")
            shutil.rmtree(draft, ignore_errors=True)
            copy = ["dependency:copy-dependencies", f"-DoutputDirectory={draft}", "-DincludeScope=runtime"]
            _run(["mvn", "-q", "-B", "-f", str(pom), *copy], "fetching Kafka's jars")
            draft.rename(place)
    return place


def _build_tree(place: Path) -> None:
    draft = place.with_suffix(".draft")
    shutil.rmtree(draft, ignore_errors=True)
    with tempfile.TemporaryDirectory() as scratch:
        tool, settings = _debootstrap(Path(scratch))
        command = [tool, "--variant=minbase", f"--include={','.join(PACKAGES)}"]
        # A mount space of its own: were this killed half-way, no mount of it would be left behind.
        private = ["unshare", "--mount", "--propagation", "private"]
        _run([*private, *command, SUITE, str(draft), _mirror()], "building the Debian tree", settings)
    draft.rename(place)


def _debootstrap(scratch: Path) -> tuple[str, dict[str, str]]:
    """The machine's own debootstrap, or one unpacked from its package into `scratch`."""
    settings = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", **_apt_proxy()}
    if found := shutil.which("debootstrap"):
        return found, settings
    if not _answer(["apt-cache", "show", "debootstrap"]):
        subprocess.run(["apt-get", "-qq", "update"], check=False)
    subprocess.run(
        ["apt-get", "-qq", "-o", "APT::Sandbox::User=root", "download", "debootstrap"],
        cwd=scratch,
        check=False,
        env=settings,
    )
    packages = list(scratch.glob("debootstrap_*.deb"))
    if not packages:
        raise Refused("the package debootstrap cannot be had: check the machine's apt sources")
    _run(["dpkg", "-x", str(packages[0]), str(scratch)], "unpacking debootstrap")
    return str(scratch / "usr/sbin/debootstrap"), {
        **settings,
        "DEBOOTSTRAP_DIR": str(scratch / "usr/share/debootstrap"),
    }


def _mirror() -> str:
    """The Debian archive this machine's own packages come from."""
    codename = _answer(["sh", "-c", ". /etc/os-release && echo $VERSION_CODENAME"]).strip()
    for line in _answer(["apt-get", "indextargets", "--format", "$(REPO_URI) $(CODENAME) $(COMPONENT)"]).splitlines():
        uri, suite, component = line.split()
        if (suite, component) == (codename, "main"):
            return uri
    raise Refused(f"no apt source of this machine offers {codename} main; `make services` needs Debian")


def _apt_proxy() -> dict[str, str]:
    """apt may reach the archive through a proxy that only its own configuration knows."""
    proxy = _answer(["apt-config", "--format", "%v%n", "dump", "Acquire::http::Proxy"]).strip()
    return {"http_proxy": proxy} if proxy and "http_proxy" not in os.environ else {}


def _need(program: str, package: str) -> None:
    if shutil.which(program) is None:
        raise Refused(f"{program} is not on this machine: apt-get install -y {package}")


def _answer(command: Sequence[str]) -> str:
    try:
        return subprocess.run(list(command), capture_output=True, text=True, check=False).stdout
    except FileNotFoundError:
        raise Refused(f"{command[0]} is not on this machine; `make services` needs Debian") from None


def _run(command: Sequence[str], what: str, environment: Mapping[str, str] | None = None) -> None:
    """Run to the end; on failure Refused with the last of what it said."""
    done = subprocess.run(
        list(command), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, env=environment
    )
    if done.returncode != 0:
        said = "\n".join(done.stdout.splitlines()[-15:])
        raise Refused(f"{what} failed ({done.returncode}): {said}")
