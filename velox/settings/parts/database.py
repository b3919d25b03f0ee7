"""SQLite inside the embedded shape, TimescaleDB behind PgBouncer in a cluster."""

from typing import Any
from urllib.parse import unquote, urlsplit

from velox.env import env

VAR_DIR = env.path("VELOX_VAR")
VAR_DIR.mkdir(parents=True, exist_ok=True)


def sqlite(name: str) -> dict[str, Any]:
    """One writer at a time, who waits for the lock at BEGIN rather than fail in the middle."""
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": name,
        "CONN_MAX_AGE": 60,  # opening one costs as much as a request; the last to close also empties the WAL
        "OPTIONS": {
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",
            "init_command": (
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA temp_store=MEMORY; "
                "PRAGMA mmap_size=134217728; PRAGMA journal_size_limit=67108864; PRAGMA cache_size=-16000"
            ),
        },
    }


def timescale(url: str) -> dict[str, Any]:
    """PgBouncer pools by transaction: connections are short and cursors stay on the client's side."""
    parts = urlsplit(url)
    return {
        "ENGINE": "timescale.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "DISABLE_SERVER_SIDE_CURSORS": True,
        "OPTIONS": {"connect_timeout": 5},
    }


DATABASES = {
    "default": timescale(env.text("DATABASE_URL"))
    if env.text("DATABASE_URL")
    else sqlite(str(VAR_DIR / "velox.sqlite3"))
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
