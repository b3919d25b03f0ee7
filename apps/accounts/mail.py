"""Mails to people. Sent by a worker after the commit: a page answers as fast for a stranger as for a friend."""

from __future__ import annotations

from typing import Any

import structlog
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.template.loader import render_to_string

log = structlog.get_logger("velox.mail")


def mail_later(task: str, *args: Any) -> None:
    """Hand a mail's task to a worker once this transaction is through. A queue that is down is logged, not shown."""
    transaction.on_commit(lambda: _hand_over(task, args))


def _hand_over(task: str, args: tuple[Any, ...]) -> None:
    from celery_app import app

    try:
        app.tasks[task].delay(*args)
    except Exception as error:  # whatever the broker's client raises; the page must answer as it would have
        log.error("mail_not_queued", task=task, reason=str(error))


def mail_send(to: str, template: str, **facts: Any) -> None:
    """Templates `accounts/mail/<template>.txt`: the first line is the subject, the rest the words."""
    subject, _, words = render_to_string(f"accounts/mail/{template}.txt", facts).strip().partition("\n")
    EmailMultiAlternatives(subject.strip(), words.strip() + "\n", to=[to]).send()
    log.info("mail_sent", template=template)


def link(origin: str, path: str) -> str:
    """Full address of a page. SITE_URL stands above what the browser called us."""
    return (settings.SITE_URL or origin).rstrip("/") + path
