"""The embedded shape needs no server, the cluster is chosen by addresses alone, and nothing is live by itself."""

import json
import logging
import sqlite3
from datetime import datetime, timedelta

import pytest
import structlog
from django.conf import settings
from django.db import connection

from velox.settings.parts.database import sqlite, timescale
from velox.settings.parts.logging import _JSON, _formatter, log_config


def test_nothing_trades_for_real_unless_switched_on():
    assert settings.LIVE_TRADING is False


def test_passwords_are_hashed_with_argon2_first():
    from velox.settings import base

    assert base.PASSWORD_HASHERS[0].endswith("Argon2PasswordHasher")


def test_a_database_url_chooses_timescale_and_decodes_its_parts():
    config = timescale("postgres://velox:p%40ss@db.example:6432/velox")
    assert config["ENGINE"] == "timescale.db.backends.postgresql"
    assert (config["USER"], config["PASSWORD"], config["HOST"]) == ("velox", "p@ss", "db.example")
    assert (config["PORT"], config["NAME"]) == ("6432", "velox")
    assert config["DISABLE_SERVER_SIDE_CURSORS"] is True


@pytest.mark.skipif(connection.vendor != "sqlite", reason="says what SQLite is set to")
@pytest.mark.django_db
def test_sqlite_writes_ahead_and_takes_the_write_lock_at_begin():
    with connection.cursor() as cursor:
        assert cursor.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert connection.transaction_mode == "IMMEDIATE"


def test_the_real_database_file_survives_a_crash_of_the_process(tmp_path):
    config = sqlite(str(tmp_path / "x.sqlite3"))
    with sqlite3.connect(config["NAME"]) as database:
        for command in config["OPTIONS"]["init_command"].split(";"):
            database.execute(command)
        assert database.execute("PRAGMA synchronous").fetchone() == (1,)  # NORMAL


@pytest.mark.django_db
def test_our_pages_allow_no_inline_script_and_only_the_admin_is_looser(client, admin_client):
    ours = client.get("/health/live").headers["Content-Security-Policy"]
    assert "unsafe" not in ours and "script-src 'self'" in ours
    admins = admin_client.get("/admin/").headers["Content-Security-Policy"]
    assert "'unsafe-eval'" in admins and "frame-ancestors 'none'" in admins


def test_a_line_for_machines_is_one_json_object_with_who_when_and_what_it_belongs_to():
    made = dict(_formatter(_JSON))
    formatter = made.pop("()")(**made)
    record = logging.LogRecord("velox.orders", logging.WARNING, __file__, 1, "late by %s ms", (12,), None)
    record.order = "r1-i2-3"
    with structlog.contextvars.bound_contextvars(request_id="abc"):
        line = json.loads(formatter.format(record))
    at = datetime.fromisoformat(line.pop("timestamp"))
    assert at.utcoffset() == timedelta(0)
    assert line == {
        "event": "late by 12 ms",
        "logger": "velox.orders",
        "level": "warning",
        "order": "r1-i2-3",
        "request_id": "abc",
    }


def test_thirty_days_of_logs_are_kept():
    file = log_config("json")["handlers"]["file"]
    assert (file["when"], file["backupCount"]) == ("midnight", 30)
