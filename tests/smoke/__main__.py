"""python -m tests.smoke: prints what it found and the seconds each step took; exits 1 at the first thing broken."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sqlite3
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import websockets

from tests.smoke.install import ROOT, Failure, Running, clone, free_port, sign_in

FIRST_S, AGAIN_S = 120.0, 60.0  # when to give up; what is asked for is printed beside what was measured
USER, PASSWORD = "maya", "velox-demo"
KEPT = ("accounts_user", "instruments_instrument", "strategies_strategyrun", "marketdata_storedcandle")


def say(text: str) -> None:
    print(f"smoke: {text}", flush=True)


async def moving_price(url: str, cookies: dict[str, str], timeout_s: float) -> tuple[int, float, float]:
    """(instrument, before, after): the first price that is seen to change over the websocket."""
    headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}
    address = url.replace("http", "ws", 1) + "/ws/live"
    seen: dict[int, float] = {}
    async with (
        asyncio.timeout(timeout_s),
        websockets.connect(address, origin=url, additional_headers=headers) as socket,
    ):
        await socket.send(json.dumps({"op": "subscribe", "channels": ["prices:*"], "id": 1}))
        async for text in socket:
            message: dict[str, Any] = json.loads(text)
            for row in message["d"] if message.get("t") == "px" else ():
                number, last = row[0], row[3]
                if seen.setdefault(number, last) != last:
                    return number, seen[number], last
    raise Failure("the socket closed before a price moved")


def counts(folder: Path) -> dict[str, int]:
    with sqlite3.connect(f"file:{folder / 'var' / 'velox.sqlite3'}?mode=ro", uri=True) as database:
        return {table: database.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in KEPT}


def one_run(folder: Path, log: Path, wanted_s: float, timeout_s: float) -> None:
    """Start, watch, stop."""
    running = Running(folder, free_port(), log)
    try:
        say(f"health answers after {running.wait_for('/health/live', 200, timeout_s):.1f} s")
        running.wait_for("/login/", 200, timeout_s)
        cookies = sign_in(running.url, USER, PASSWORD)
        say(f"signed in as {USER} after {running.seconds:.1f} s")
        left = timeout_s - running.seconds
        number, before, after = asyncio.run(moving_price(running.url, cookies, left))
        moved = f"instrument {number} moved from {before} to {after}"
        say(f"{moved} after {running.seconds:.1f} s (wanted: {wanted_s:.0f} s)")
        say(f"ready after {running.wait_for('/health/ready', 200, timeout_s):.1f} s")
        time.sleep(2)
        say(f"stopped in {running.interrupt():.1f} s, exit code 0")
    except TimeoutError as error:
        raise Failure(f"no price moved within {timeout_s:.0f} s:\n{running.tail()}") from error
    finally:
        running.kill()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fresh", action="store_true", help="build the clone's own environment instead of using VENV")
    chosen = parser.parse_args()
    if chosen.fresh:
        os.environ.pop("VENV", None)
    else:
        os.environ["VENV"] = str(Path(os.environ.get("VENV") or ROOT / ".venv").absolute())
    with tempfile.TemporaryDirectory(prefix="velox-smoke-") as temporary:
        place = Path(temporary)
        try:
            folder = clone(place / "velox")
            say("first start, in an empty clone")
            one_run(folder, place / "first.log", 30, 900 if chosen.fresh else FIRST_S)
            before = counts(folder)
            say("started again")
            one_run(folder, place / "second.log", 8, AGAIN_S)
            lost = {table: count for table, count in before.items() if counts(folder)[table] < count}
            if lost or not all(before.values()):
                raise Failure(f"data was not kept: {before} before, {counts(folder)} after")
            say(f"kept: {', '.join(f'{count} {table}' for table, count in counts(folder).items())}")
        except Failure as failure:
            say(f"FAILED: {failure}")
            return 1
    say("all is well")
    return 0


if __name__ == "__main__":
    sys.exit(main())
