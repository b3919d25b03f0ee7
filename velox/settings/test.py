"""The test suite: a database file that behaves as the real one does between threads, and quick passwords."""

import os
import tempfile
from pathlib import Path

from velox.env import env
from velox.settings.base import *

if not env.text("DATABASE_URL"):
    # A file of its own per run: SQLite in memory would lock between threads as no real database does.
    DATABASES["default"]["TEST"] = {"NAME": str(Path(tempfile.gettempdir()) / f"velox-test-{os.getpid()}.sqlite3")}
    DATABASES["default"]["OPTIONS"]["init_command"] += "; PRAGMA synchronous=OFF"

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
ALLOWED_HOSTS = ["*"]
LIVE_TRADING = False
AUDIT_GUARD = False  # emptying the tables between tests is a change of the trail too; tests of the guard set it up
LOGGING["root"]["handlers"] = ["console"]
LOGGING["root"]["level"] = "WARNING"
MARKET_ALWAYS_OPEN = False  # venues keep their hours

env.check()
