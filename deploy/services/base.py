"""What all servers have in common: a name, a port, a record of their process, a log."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from .home import DEPLOY, HOST, Home
from .packages import in_tree, owner_ids


class Server:
    """One server of a home. Subclasses say what differs."""

    name: str
    user = "root"  # inside the tree
    stop_signal = signal.SIGTERM
    stop_limit_s = 20.0

    def __init__(self, home: Home) -> None:
        self.home = home
        self.port = home.ports[self.name]
        self.record = home.folder("run") / f"{self.name}.json"
        self.log = home.folder("log") / f"{self.name}.log"

    def prepare(self) -> None:
        """Write configuration, and data where there is none yet. Harmless when repeated."""
        raise NotImplementedError

    def command(self) -> list[str]:
        raise NotImplementedError

    def ready(self) -> bool:
        """It answers as a client would need it to."""
        raise NotImplementedError

    def after_start(self) -> None:
        """What can only be done once it answers. Harmless when repeated."""

    def owned_folder(self, name: str) -> Path:
        """A folder of the home that this server's user inside the tree may write to."""
        path = self.home.folder(name)
        for above in (path.parent, self.home.root):
            above.chmod(above.stat().st_mode | 0o011)  # a strict umask would keep it from passing through
        os.chown(path, *owner_ids(self.home, self.user))
        return path

    def write_owned(self, path: Path, text: str) -> None:
        """A file only this server's user can read."""
        path.touch(mode=0o600)
        path.write_text(text)
        os.chown(path, *owner_ids(self.home, self.user))

    def in_tree(self, *command: str) -> list[str]:
        return in_tree(self.home, self.user, command)

    def template(self, source: str, **values: object) -> str:
        return (DEPLOY / source).read_text().format(host=HOST, port=self.port, **values)
