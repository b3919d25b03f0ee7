"""Chores of the path itself; `celery_app.BEAT` says when."""

from __future__ import annotations

from celery import shared_task
from django.core.management import call_command

from apps.common.outbox import outbox_flush


@shared_task(name="pipeline.outbox_relay")
def outbox_relay() -> int:
    """Publish messages whose stage ended between its commit and its flush."""
    from velox.wiring import system

    return outbox_flush(system().bus)


@shared_task(name="pipeline.sessions_clear")
def sessions_clear() -> None:
    call_command("clearsessions")
