"""The only reader of os.environ: one table of keys, read once, all mistakes named in one message.

A `.env` file at the project's root fills in what the process environment leaves out. A key that is
missing or cannot be read answers with its default until `env.check()` is called at the end of the
settings: it raises one Misconfigured that lists every key to mend.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from apps.common.version import code_hash
from apps.domain.errors import Misconfigured

ROOT = Path(__file__).resolve().parent.parent

_DEV_SECRET = "velox-development-key-change-me-before-anyone-else-can-reach-this-machine"  # noqa: S105


def _flag(text: str) -> bool:
    words = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
    if text.lower() not in words:
        raise ValueError("write true or false")
    return words[text.lower()]


def _number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ValueError("write a whole number") from None


def _ratio(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise ValueError("write a number") from None
    if not value >= 0:
        raise ValueError("must be 0 or more")
    return value


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _path(text: str) -> Path:
    return (ROOT / Path(text).expanduser()).resolve()


def _secret(text: str) -> str:
    if len(text) < 50 or len(set(text)) < 8:
        raise ValueError("must be at least 50 random characters")
    return text


def _url(*schemes: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text and urlsplit(text).scheme not in schemes:
            raise ValueError(f"must begin with {' or '.join(f'{scheme}://' for scheme in schemes)}")
        return text

    return read


def _choice(*words: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text and text.lower() not in words:
            raise ValueError(f"write {' or '.join(words)}")
        return text.lower()

    return read


def _level(text: str) -> str:
    if text.upper() not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
        raise ValueError("write DEBUG, INFO, WARNING or ERROR")
    return text.upper()


@dataclass(frozen=True, slots=True)
class Key:
    """One variable. `default` is written as it would be in `.env`."""

    name: str
    read: Callable[[str], Any]
    default: str
    meaning: str


KEYS: tuple[Key, ...] = (
    Key("SECRET_KEY", _secret, _DEV_SECRET, "Signs sessions and tokens. Required in production: 50 random characters."),
    Key("SECRET_KEY_OLD", _words, "", "Earlier SECRET_KEYs that are still believed, newest first, by comma."),
    Key("FIELD_KEYS", _words, "", "Keys of what is encrypted at rest, newest first, by comma. Empty: SECRET_KEY."),
    Key("ALLOWED_HOSTS", _words, "localhost,127.0.0.1,[::1]", "Host names served, by comma. Required in production."),
    Key("CSRF_TRUSTED_ORIGINS", _words, "", "Other origins whose forms are accepted, with scheme, by comma."),
    Key("BEHIND_PROXY", _flag, "false", "Trust X-Forwarded-Proto: only behind a proxy that sets it itself."),
    Key("CORS_ORIGINS", _words, "", "Other origins whose scripts may call the API, with scheme, by comma."),
    Key("REGISTRATION", _choice("open", "closed"), "", "open or closed. Empty: closed in production, else open."),
    Key("SITE_URL", _url("http", "https"), "", "Where people reach this, for links in mails. Empty: as they came."),
    Key(
        "EMAIL_URL",
        _url("smtp", "smtps", "smtp+tls"),
        "",
        "Mail server, smtp+tls://user:password@host:587. Empty: console and var/mail.",
    ),
    Key("EMAIL_FROM", str, "Velox <velox@localhost>", "Sender of mails."),
    Key("AUDIT_MAIL", _words, "", "Addresses that get the audit trail's daily anchor, by comma. Keep what they get."),
    Key("DEBUG", _flag, "false", "Django's debug pages in development; production ignores it."),
    Key("PORT", _number, "8000", "Port of the embedded shape's web server."),
    Key("HOST", str, "127.0.0.1", "Address the embedded shape's web server listens on."),
    Key("VELOX_VAR", _path, "var", "Folder of everything Velox remembers here: SQLite file, logs, uploads."),
    Key("VELOX_DATA", _path, "../shared/data", "Folder of recorded market data that tests and benchmarks read."),
    Key(
        "DATABASE_URL",
        _url("postgres", "postgresql"),
        "",
        "TimescaleDB, postgres://user:password@host:port/name. Empty: SQLite.",
    ),
    Key(
        "REDIS_URL",
        _url("redis", "rediss", "unix"),
        "",
        "Redis for websocket groups and Celery. Empty: inside the process.",
    ),
    Key(
        "CELERY_BROKER_URL",
        _url("redis", "rediss", "memory"),
        "",
        "Celery's broker. Empty: REDIS_URL, or memory:// without one.",
    ),
    Key("KAFKA_BROKERS", _words, "", "Kafka's host:port list, by comma. Empty: the bus inside the process."),
    Key("VELOX_STAGES", _words, "", "Stages of the path this worker hosts, by comma. Empty: all."),
    Key("DATA", str, "", "File of recorded ticks or candles to replay. Empty: the synthetic market."),
    Key("SPEED", _ratio, "1", "How many times faster than recorded a replay runs; 0 is as fast as possible."),
    Key("SYNTHETIC_SEED", _number, "7", "Seed of the synthetic market: the same seed makes the same ticks."),
    Key(
        "SYNTHETIC_ALWAYS_OPEN",
        _flag,
        "true",
        "Every venue trades around the clock while the market is synthetic, so that there is always something to see.",
    ),
    Key("LIVE_TRADING", _flag, "false", "The installation's switch for real orders. Each account has one of its own."),
    Key("RISK_ORDERS_PER_SECOND", _number, "10", "Most orders one account may send in a second."),
    Key("RISK_STALE_AFTER_S", _ratio, "30", "Oldest price, in seconds, that an order may be judged by."),
    Key("LOG_LEVEL", _level, "INFO", "Least important log line kept: DEBUG, INFO, WARNING or ERROR."),
)


class Environment:
    """The table's values as read from `given` over `file`."""

    def __init__(self, given: Mapping[str, str], file: Mapping[str, str] | None = None, keys: tuple[Key, ...] = KEYS):
        self._values: dict[str, Any] = {}
        self._given: set[str] = set()
        self._wrong: dict[str, str] = {}
        merged = {**(file or {}), **given}
        for key in keys:
            text = merged.get(key.name, "").strip()
            if text:
                self._given.add(key.name)
            try:
                self._values[key.name] = key.read(text or key.default)
            except ValueError as error:
                self._wrong[key.name] = str(error)
                self._values[key.name] = key.read(key.default)

    def text(self, name: str) -> str:
        return str(self._values[name])

    def flag(self, name: str) -> bool:
        return bool(self._values[name])

    def number(self, name: str) -> int:
        return int(self._values[name])

    def ratio(self, name: str) -> float:
        return float(self._values[name])

    def words(self, name: str) -> list[str]:
        return list(self._values[name])

    def path(self, name: str) -> Path:
        return Path(self._values[name])

    def check(self, *required: str) -> None:
        """Raise one Misconfigured naming every key that is missing among `required` or cannot be read."""
        wrong = {name: "is required and missing" for name in required if name not in self._given} | self._wrong
        if wrong:
            lines = "; ".join(f"{name} {reason}" for name, reason in wrong.items())
            raise Misconfigured(
                f"the environment cannot be used: {lines}. The keys are explained in .env.example", **wrong
            )


def file_read(path: Path) -> dict[str, str]:
    """KEY=value lines of a .env file; `#` begins a comment line, quotes around a value are dropped."""
    if not path.is_file():
        return {}
    pairs = {}
    for number, raw in enumerate(path.read_text("utf-8").splitlines(), 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        name, equals, value = line.removeprefix("export ").partition("=")
        if not equals:
            raise Misconfigured(f"{path.name} line {number} is not KEY=value: {line[:40]!r}")
        value = value.strip()
        if len(value) >= 2 and value[0] == value[-1] and value[0] in "'\"":
            value = value[1:-1]
        pairs[name.strip()] = value
    return pairs


def example() -> str:
    """The text of .env.example: every key with its meaning, set to its default where that may be shown."""
    lines = ["# Copy to .env and change what you need. Made from velox/env.py; a line left out keeps its default."]
    for key in KEYS:
        lines += ["", f"# {key.meaning}", f"#{key.name}={'' if key.read is _secret else key.default}"]
    return "\n".join(lines) + "\n"


def default_settings(module: str = "velox.settings.dev") -> None:
    """Choose the settings module unless the environment already has."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", module)


def numba_cache_prepare() -> None:
    """Keep compiled domain code under build/numba, one folder per state of apps/domain.

    numba's own cache looks only at the file of the function it compiles; a change in a function
    that it calls would go unseen. Must run before numba is imported.
    """
    if "NUMBA_CACHE_DIR" in os.environ:
        return
    os.environ["NUMBA_CACHE_DIR"] = str(ROOT / "build" / "numba" / code_hash())


env = Environment(os.environ, file_read(ROOT / ".env"))
