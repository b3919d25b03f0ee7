"""Chores of the door; `celery_app.BEAT` says when."""

from __future__ import annotations

from celery import shared_task

from apps.execution.kill import kill_switches_press


@shared_task(name="execution.kill_switches_press")
def kill_switches_press_on() -> int:
    """Go on until every halted scope is flat."""
    return kill_switches_press()
