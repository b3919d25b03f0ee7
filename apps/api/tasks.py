"""Chores of the REST door; `celery_app.BEAT` says when."""

from __future__ import annotations

from celery import shared_task
from django.core.management import call_command

from apps.api.idempotency import answers_purge


@shared_task(name="api.forget")
def forget() -> int:
    """Answers past the time they are kept for, and spent refresh tokens that have expired anyway."""
    call_command("flushexpiredtokens")
    return answers_purge()
