"""REST under load, served as a cluster's web process is: orders placed, lists over a million orders, logins.

The server is a process of its own (granian, WSGI, one worker) on a temporary SQLite file; this process asks.
"""

from __future__ import annotations

import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from tests.bench.http_load import Answer, Wish, load

TRADERS: Final = 20
ORDERS: Final = 1_000_000
PLACED: Final = 1000
LISTED: Final = 300
LOGINS: Final = 20
ORDERS_PER_S, LISTS_PER_S, LOGINS_PER_S = 100.0, 20.0, 1.0
ORDER_LIMIT_MS, LIST_LIMIT_MS, LOGIN_LIMIT_MS = 40.0, 60.0, 300.0
ROOT: Final = Path(__file__).resolve().parents[2]
PASSWORD: Final = "a-bench-password"


def rows() -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {
            "VELOX_VAR": folder,
            "DJANGO_SETTINGS_MODULE": "velox.settings.dev",
            "LOG_LEVEL": "ERROR",
            "DATABASE_URL": "",
            "REDIS_URL": "",
        }
        made = subprocess.run(
            [sys.executable, "-m", "tests.bench.bench_api"],
            env=environment,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        told = json.loads(made.stdout.splitlines()[-1])
        with _server(environment) as port:
            load(port, _orders(told, "warm")[:100], 50)
            load(port, _lists(told)[:30], 20)
            time.sleep(1)  # the same quantities again are no duplicates by then
            return [
                _row("rest_order_p99_ms", load(port, _orders(told, "run"), ORDERS_PER_S), ORDER_LIMIT_MS,
                     f"{PLACED} market orders at {ORDERS_PER_S:g}/s, {TRADERS} users by access token, over 1M orders"),
                _row("rest_list_p99_ms", load(port, _lists(told), LISTS_PER_S), LIST_LIMIT_MS,
                     f"{LISTED} pages of 50 at {LISTS_PER_S:g}/s: first, middle, filtered, of one account, an admin's"),
                _row("login_p99_ms", load(port, _logins(), LOGINS_PER_S), LOGIN_LIMIT_MS,
                     f"{LOGINS} logins at {LOGINS_PER_S:g}/s, Argon2 at Django's cost"),
            ]  # fmt: skip


def _row(name: str, answers: list[Answer], limit: float, note: str) -> dict[str, Any]:
    wrong = [answer for answer in answers if answer.status not in (200, 201)]
    if wrong:
        raise RuntimeError(
            f"{name}: {len(wrong)} of {len(answers)} answered {wrong[0].status}: {wrong[0].body[:500]!r}"
        )
    took = sorted(answer.ms for answer in answers)
    p50, p99 = statistics.median(took), took[int(len(took) * 0.99) - 1]
    return {"name": name, "value": p99, "unit": "ms", "peer": "limit", "peer_value": limit, "floor_value": None,
            "ratio": p99 / limit, "note": f"{note}; p50 {p50:.1f} ms; ratio against the limit"}  # fmt: skip


def _orders(told: dict[str, Any], key: str) -> list[Wish]:
    """Market orders, each account in its turn; no two of one account alike within the window for duplicates."""
    wishes = []
    for number in range(PLACED):
        account = number % TRADERS
        body = {"account": told["accounts"][account], "instrument": 1, "side": "buy", "qty": str(1 + number % 97)}
        headers = _bearer(told["tokens"][account]) | {"Idempotency-Key": f"{key}-{uuid.uuid4().hex[:24]}"}
        wishes.append(Wish("POST", "/api/v1/orders", headers, json.dumps(body).encode()))
    return wishes


def _lists(told: dict[str, Any]) -> list[Wish]:
    middle = told["cursor"]
    wishes = []
    for number in range(LISTED):
        trader = number % TRADERS
        path, token = [
            ("", told["tokens"][trader]),
            (f"?cursor={middle}", told["tokens"][trader]),
            ("?status=cancelled", told["tokens"][trader]),
            ("?instrument=1&side=sell", told["tokens"][trader]),
            (f"?account={told['accounts'][trader]}&working=true", told["tokens"][trader]),
            (f"?cursor={middle}", told["admin"]),
        ][number % 6]
        wishes.append(Wish("GET", f"/api/v1/orders{path}", _bearer(token)))
    return wishes


def _logins() -> list[Wish]:
    bodies = [{"username": f"trader{number % TRADERS}", "password": PASSWORD} for number in range(LOGINS)]
    return [Wish("POST", "/api/v1/auth/tokens", {}, json.dumps(body).encode()) for body in bodies]


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@contextmanager
def _server(environment: dict[str, str]) -> Iterator[int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "tests.bench.api_app:application"]
    command += ["--port", str(port), "--workers", "1", "--blocking-threads", "1", "--no-ws", "--log-level", "warning"]
    process = subprocess.Popen(command, env=environment, cwd=ROOT)
    try:
        _wait(port)
        yield port
    finally:
        process.terminate()
        process.wait(20)


def _wait(port: int, limit_s: float = 60.0) -> None:
    until = time.monotonic() + limit_s
    while time.monotonic() < until:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/health", timeout=5).close()
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise RuntimeError(f"the server did not answer within {limit_s:g} s")


# --- the database, made in a process of its own whose settings name the temporary file


def _fill() -> dict[str, Any]:
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection
    from rest_framework_simplejwt.tokens import AccessToken

    from apps.accounts.models import Role
    from apps.accounts.services import account_open, user_create
    from apps.api.pages import _write
    from tests import builders

    call_command("migrate", verbosity=0)
    instrument = builders.instrument(1)
    users = [
        user_create(username=f"trader{n}", email=f"t{n}@bench.example", password=PASSWORD, role=Role.TRADER)
        for n in range(TRADERS)
    ]
    admin = user_create(username="boss", email="boss@bench.example", password=PASSWORD, role=Role.ADMIN)
    accounts = [account_open(owner=user, name="bench", currency="USD", starting_cash=Decimal(10**8)) for user in users]
    with connection.cursor() as cursor:
        cursor.execute(_MANY, [ORDERS, accounts[0].pk, TRADERS, instrument.pk])
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return {
        "accounts": [account.pk for account in accounts],
        "tokens": [str(AccessToken.for_user(user)) for user in users],
        "admin": str(AccessToken.for_user(admin)),
        "cursor": _write("-id", [ORDERS // 2]),
    }


_MANY = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %s)
INSERT INTO orders_order (created_at, updated_at, client_order_id, account_id, instrument_id, side, order_type,
    ordered_qty, qty, price, validity, mode, exit, oco, tag, decided_ns, tape_at, status, is_working, filled_qty,
    notional, triggered, steps, reason)
SELECT '2026-01-05 10:00:00', '2026-01-05 10:00:00', 'bench-' || i, %s + i %% %s, %s,
    CASE i %% 3 WHEN 0 THEN 'sell' ELSE 'buy' END, 'market', '5', '5', '100', 'day', 'dry_run', 0, '', 'manual',
    1700000000000000000 + i, 0, CASE i %% 10 WHEN 0 THEN 'cancelled' ELSE 'filled' END, 0, '5', '500', 0, 3, ''
FROM n
"""


if __name__ == "__main__":
    print(json.dumps(_fill()))
