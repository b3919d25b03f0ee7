"""Mails go out through a server where one is named, else to the console and to var/mail."""

from typing import Any
from urllib.parse import unquote, urlsplit

from velox.env import env
from velox.settings.parts.database import VAR_DIR


def mailer(url: str) -> dict[str, Any]:
    """smtp:// plain, smtp+tls:// by STARTTLS, smtps:// TLS from the first byte."""
    if not url:
        return {"BACKEND": "apps.common.mail.ConsoleAndFile", "OPTIONS": {"file_path": str(VAR_DIR / "mail")}}
    parts = urlsplit(url)
    return {
        "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "OPTIONS": {
            "host": parts.hostname or "localhost",
            "port": parts.port or {"smtp": 25, "smtps": 465}.get(parts.scheme, 587),
            "username": unquote(parts.username or ""),
            "password": unquote(parts.password or ""),
            "use_tls": parts.scheme == "smtp+tls",
            "use_ssl": parts.scheme == "smtps",
            "timeout": 15,
        },
    }


MAILERS = {"default": mailer(env.text("EMAIL_URL"))}
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.text("EMAIL_FROM")
