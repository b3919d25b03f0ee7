"""The Celery app: chores as tasks, their times as a table, the path's stages in its workers.

celery -A celery_app worker         # VELOX_STAGES=decide,guard hosts these, =none hosts none
"""

from __future__ import annotations

from typing import Any, Final

from celery import Celery
from celery.schedules import crontab
from celery.signals import setup_logging

from velox.env import default_settings

default_settings()

BEAT: Final[dict[str, dict[str, Any]]] = {
    "what a crash left in the outbox goes out": {"task": "pipeline.outbox_relay", "schedule": 5.0},
    "halted scopes are pressed until they are flat": {"task": "execution.kill_switches_press", "schedule": 1.0},
    "every account's equity is noted": {"task": "portfolio.equity_snapshots", "schedule": 30.0},
    "the audit trail is anchored outside the database": {"task": "audit.anchor", "schedule": crontab(hour=0, minute=5)},
    "tries that no longer count are forgotten": {"task": "accounts.attempts_forget", "schedule": crontab(minute=41)},
    "sessions that ended are forgotten": {"task": "pipeline.sessions_clear", "schedule": crontab(hour=3, minute=17)},
}

app = Celery("velox")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.update(
    beat_schedule=BEAT,
    broker_transport_options={"polling_interval": 0.1} if app.conf.broker_url == "memory://" else {},
)
app.autodiscover_tasks()


@setup_logging.connect
def _keep_our_logging(**_: Any) -> None:
    """Django has set logging up; a receiver here keeps Celery from doing it again."""


def _host_stages() -> None:
    from apps.pipeline.worker import StageStep

    app.steps["worker"].add(StageStep)


_host_stages()
