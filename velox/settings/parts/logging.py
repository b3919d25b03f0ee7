"""One structlog chain for every logger: readable on a terminal, JSON where machines read; 30 daily files."""

from typing import Any

import structlog

from apps.common.scrub import scrub
from velox.env import env
from velox.settings.parts.database import VAR_DIR

LOG_DIR = VAR_DIR / "log"
LOG_DIR.mkdir(parents=True, exist_ok=True)

_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.stdlib.ExtraAdder(),
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]
_JSON: list[Any] = [
    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
    structlog.processors.format_exc_info,
    scrub,
    structlog.processors.JSONRenderer(),
]
_CONSOLE: list[Any] = [
    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
    scrub,
    structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
]


def _formatter(processors: list[Any]) -> dict[str, Any]:
    return {
        "()": structlog.stdlib.ProcessorFormatter,
        "processors": processors,
        "foreign_pre_chain": _SHARED,
    }


def log_config(console: str) -> dict[str, Any]:
    """`console`: "json" or "console". The file under var/log is always JSON."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": _formatter(_JSON), "console": _formatter(_CONSOLE)},
        "handlers": {
            "console": {"class": "logging.StreamHandler", "formatter": console},
            "file": {
                "class": "logging.handlers.TimedRotatingFileHandler",
                "filename": str(LOG_DIR / "velox.log"),
                "when": "midnight",
                "utc": True,
                "backupCount": 30,
                "delay": True,
                "encoding": "utf-8",
                "formatter": "json",
            },
        },
        "root": {"handlers": ["console", "file"], "level": env.text("LOG_LEVEL")},
        "loggers": {
            # Our own request log says the same with an id and a duration; what broke is still told here.
            "django.request": {"level": "ERROR"},
            "django.server": {"handlers": [], "propagate": False},
            "uvicorn.access": {"handlers": [], "propagate": False},
            # Chores every few seconds are no news; what goes wrong with them is.
            "celery": {"level": "WARNING"},
            "numba": {"level": "WARNING"},
            "kafka": {"level": "WARNING"},
        },
    }


structlog.configure(
    processors=[structlog.stdlib.filter_by_level, *_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
    logger_factory=structlog.stdlib.LoggerFactory(),
    wrapper_class=structlog.stdlib.BoundLogger,
    cache_logger_on_first_use=True,
)
LOGGING = log_config("console")
