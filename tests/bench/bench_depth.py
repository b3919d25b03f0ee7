"""Recording order books: venue messages as bytes to chunks as bytes, one core; and how many bytes a change takes.

From the recorded Coinbase and Binance captures. Everything is in the figure: JSON, exact decimals, the book,
the chunk. The peer is the same work with a dict of Decimals and JSON lines through zlib.
"""

from __future__ import annotations

import gzip
import json
import os
import sys
import time
import zlib
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

from apps.domain.books import Digits
from apps.domain.depth_tape import DepthRecorder
from apps.feeds.binance.books import BinanceBook
from apps.feeds.coinbase.books import CoinbaseBooks
from apps.feeds.depth import message_of

DATA = Path(os.environ.get("VELOX_DATA") or Path(__file__).resolve().parents[2] / "../shared/data") / "l2"
DIGITS = {
    "BAND-GBP": Digits(4, 8), "CRV-EUR": Digits(4, 8), "DASH-BTC": Digits(8, 8), "NU-GBP": Digits(4, 8),
    "SKL-USD": Digits(4, 8),
}  # fmt: skip
REPEAT = 10


def rows() -> list[dict[str, Any]]:
    if not DATA.is_dir():
        print(f"no recorded depth in {DATA}: nothing to measure", file=sys.stderr)
        return []
    coinbase, binance = _coinbase_lines(), _binance_lines()
    ours, theirs = max(_capture(coinbase) for _ in range(3)), max(_plain(coinbase) for _ in range(2))
    stored, as_text = _stored(binance)
    with_keyframes = _coinbase_stored(coinbase)
    return [
        _row("depth_capture_changes_per_s", ours, "changes/s", theirs, 50_000.0,
             "Coinbase, one change a message, JSON to stored bytes; more is better"),
        _row("depth_bytes_per_change", stored, "bytes", as_text, 12.0,
             "Binance BTCUSDT, prices, sizes and both times; less is better"),
        _row("depth_bytes_per_change_30s", with_keyframes, "bytes", None, 12.0,
             "Coinbase, five books of 30 s, each with its keyframe; less is better"),
    ]  # fmt: skip


def _row(name: str, value: float, unit: str, peer_value: float | None, floor: float, note: str) -> dict[str, Any]:
    return {"name": name, "value": value, "unit": unit, "peer": "dict of Decimals, zlib of JSON",
            "peer_value": peer_value, "floor_value": floor, "ratio": value / floor, "note": note}  # fmt: skip


def _coinbase_lines() -> list[tuple[bytes, int]]:
    """Message bytes as they came, and when."""
    with gzip.open(DATA / "coinbase_ws_20210417.jsonl.gz", "rt") as file:
        found = [json.loads(line) for line in file]
    return [(json.dumps(row["msg"]).encode(), int(row["recv"] * 1e6) * 1000) for row in found]


def _binance_lines() -> list[tuple[dict[str, Any], int]]:
    with gzip.open(DATA / "binance_spot_btcusdt_raw_20240808.txt.gz", "rt") as file:
        split = [line.split(" ", 1) for line in file if "@depth@" in line]
    return [(json.loads(text)["data"], int(ns)) for ns, text in split]


def _capture(lines: list[tuple[bytes, int]]) -> float:
    payloads: list[bytes] = []
    changes = 0
    began = time.perf_counter()
    for _ in range(REPEAT):
        recorders = {
            product: DepthRecorder(digits, lambda start, end, payload: payloads.append(payload))
            for product, digits in DIGITS.items()
        }
        books = CoinbaseBooks(recorders)
        for line, seen_ns in lines:
            changes += books.on_message(message_of(line), seen_ns)
        for recorder in recorders.values():
            recorder.close()
    return changes / (time.perf_counter() - began)


def _coinbase_stored(lines: list[tuple[bytes, int]]) -> float:
    payloads: list[bytes] = []
    recorders = {p: DepthRecorder(digits, lambda start, end, b: payloads.append(b)) for p, digits in DIGITS.items()}
    books = CoinbaseBooks(recorders)
    for line, seen_ns in lines:
        books.on_message(message_of(line), seen_ns)
    for recorder in recorders.values():
        recorder.close()
    return sum(map(len, payloads)) / sum(recorder.changes for recorder in recorders.values())


def _plain(lines: list[tuple[bytes, int]]) -> float:
    """What one would write first: Decimals in a dict, the message kept as text."""
    changes = 0
    began = time.perf_counter()
    books: dict[str, tuple[dict[Decimal, Decimal], ...]] = defaultdict(lambda: ({}, {}))
    kept = []
    for line, seen_ns in lines:
        message = json.loads(line)
        if message.get("type") != "l2update" or message["product_id"] not in DIGITS:
            continue
        for side, price, size in message["changes"]:
            levels = books[message["product_id"]][side == "sell"]
            levels[Decimal(price)] = Decimal(size)
            if not levels[Decimal(price)]:
                del levels[Decimal(price)]
            changes += 1
        kept.append(f"{seen_ns} {line.decode()}")
    zlib.compress("\n".join(kept).encode(), 6)
    return changes / (time.perf_counter() - began)


def _stored(events: list[tuple[dict[str, Any], int]]) -> tuple[float, float]:
    """Bytes a change: ours, keyframes included, and zlib of the messages as text."""
    payloads: list[bytes] = []
    recorder = DepthRecorder(Digits(8, 8), lambda start, end, payload: payloads.append(payload))
    book = BinanceBook(recorder)
    first = events[0][0]
    book.on_snapshot({"lastUpdateId": first["U"] - 1, "bids": [], "asks": []}, events[0][1])
    for event, seen_ns in events:
        book.on_event(event, seen_ns)
    recorder.close()
    text = "\n".join(f"{seen_ns} {json.dumps(event)}" for event, seen_ns in events)
    return sum(map(len, payloads)) / recorder.changes, len(zlib.compress(text.encode(), 6)) / recorder.changes
