"""The whole path in the embedded shape: all stages on SQLite, three strategies, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from typing import Any

import numpy as np

TICKS = 2_000_000
RATE, SECONDS = 20_000, 60
MEMORY_TICKS = 720_000  # an hour of 200 ticks a second


def run(*arguments: object) -> dict[str, Any]:
    """One measurement in a fresh process and an empty installation."""
    with tempfile.TemporaryDirectory() as var:
        environment = os.environ | {
            "VELOX_VAR": var,
            "RISK_ORDERS_PER_SECOND": "100000",  # the limit itself is not what is measured
            "DJANGO_SETTINGS_MODULE": "velox.settings.dev",
            "DATABASE_URL": "", "REDIS_URL": "", "KAFKA_BROKERS": "",
        }  # fmt: skip
        command = [sys.executable, "-W", "ignore", "-m", "tests.bench.path_run", *map(str, arguments)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=900)
        if done.returncode:
            raise RuntimeError(done.stderr[-2000:])
        answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return answer


def rows() -> list[dict[str, Any]]:
    flood, paced = run("flood", TICKS), run("paced", RATE, SECONDS)
    ms = np.array(paced["decisions_ms"])
    hour, two = run("flood", MEMORY_TICKS), run("flood", 3 * MEMORY_TICKS)
    return [
        {
            "name": "embedded_ticks_per_s", "value": flood["ticks_per_s"], "unit": "ticks/s", "peer": "goal",
            "peer_value": 100_000.0, "floor_value": None, "ratio": flood["ticks_per_s"] / 100_000,
            "note": f"all stages, 3 strategies on 10 instruments, {flood['orders']} orders; more is better",
        },
        {
            "name": "embedded_decision_p99_ms", "value": float(np.percentile(ms, 99)), "unit": "ms", "peer": "goal",
            "peer_value": 2.0, "floor_value": None, "ratio": float(np.percentile(ms, 99)) / 2,
            "note": f"tick seen → decision stored, {RATE:,} ticks/s, {len(ms)} decisions, "
            f"median {np.median(ms):.2f} ms; less is better",
        },
        {
            "name": "embedded_memory_growth_mib", "value": two["rss_mib"] - hour["rss_mib"], "unit": "MiB",
            "peer": "after one hour", "peer_value": hour["rss_mib"], "floor_value": None,
            "ratio": two["rss_mib"] / hour["rss_mib"],
            "note": "resident after a replay of three hours of 200 ticks/s against one of one hour; 1 is flat",
        },
    ]  # fmt: skip
