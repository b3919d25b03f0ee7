"""Recorded depth of four venues, message by message, against books that were replayed independently."""

from __future__ import annotations

import gzip
import json
import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from apps.domain.books import ASK, BID, Book, Digits, digits_of
from apps.domain.depth_tape import DepthRecorder, DepthTape
from apps.domain.errors import BadData, NotFound
from apps.feeds.binance.books import BinanceBook
from apps.feeds.bybit.books import BybitBook
from apps.feeds.coinbase.books import CoinbaseBooks
from apps.feeds.depth import iso_ns, message_of
from apps.feeds.kraken.books import KrakenBook

ROOT = Path(__file__).resolve().parents[3]
DATA = (ROOT / os.environ.get("VELOX_DATA", "../shared/data")).resolve()

needs_data = pytest.mark.skipif(not (DATA / "l2").is_dir(), reason=f"no recorded depth in {DATA}")


def lines(name: str) -> Iterator[tuple[dict[str, Any], int]]:
    """Messages of a capture and when each was seen, ns."""
    with gzip.open(DATA / "l2" / name, "rb") as file:
        for line in file:
            row = json.loads(line)
            yield row.get("msg", row), int(row.get("recv", 0) * 1_000_000) * 1_000


def expected(name: str) -> dict[str, Any]:
    return json.loads((DATA / "expected" / name).read_text())


def written(levels: Iterable[Any]) -> Digits:
    rows = list(levels)
    return Digits(digits_of(row[0] for row in rows), digits_of(row[1] for row in rows))


class Capture:
    """A recorder, its chunks, and a look at the book after each message."""

    def __init__(self, digits: Digits) -> None:
        self.payloads: list[bytes] = []
        self.recorder = DepthRecorder(digits, lambda start, end, payload: self.payloads.append(payload), every=200)
        self.seen: dict[str, dict[str, Any]] = {}
        self.messages = 0

    def look(self) -> None:
        self.seen[str(self.messages)] = facts(self.recorder.book, self.recorder.digits)
        self.messages += 1

    def check(self, known: dict[str, Any]) -> None:
        """Every checkpoint that is known, and the last book again from the stored bytes."""
        assert self.recorder.book is not None
        last, end_ns = facts(self.recorder.book, self.recorder.digits), self.recorder._now_ns
        for when, book in known.items():
            assert (last if when == "all" else self.seen[when]) == plain(book), f"after {when}"
        self.recorder.close()
        assert facts(DepthTape(self.payloads).book_at(end_ns), self.recorder.digits) == last


def facts(book: Book, digits: Digits) -> dict[str, Any]:
    def text(levels: list[tuple[int, int]]) -> list[tuple[Decimal, Decimal]]:
        return [(digits.price_of(price), digits.size_of(size)) for price, size in levels]

    bids, asks = book.bids, book.asks
    return {
        "bid_top5": text(bids.top(5)), "ask_top5": text(asks.top(5)),
        "bid_levels": len(bids), "ask_levels": len(asks),
        "bid_size_sum": digits.size_of(bids.size_sum), "ask_size_sum": digits.size_of(asks.size_sum),
    }  # fmt: skip


def plain(book: dict[str, Any]) -> dict[str, Any]:
    tops = {name: [(Decimal(p), Decimal(s)) for p, s in book[name]] for name in ("bid_top5", "ask_top5")}
    sums = {name: Decimal(book[name]) for name in ("bid_size_sum", "ask_size_sum")}
    return {**tops, **sums, "bid_levels": book["bid_levels"], "ask_levels": book["ask_levels"]}


@needs_data
def test_coinbase_books_are_what_they_were() -> None:
    known = expected("l2_coinbase.json")["products"]
    rows: dict[str, list[Any]] = defaultdict(list)
    for message, _ in lines("coinbase_ws_20210417.jsonl.gz"):
        if message.get("type") in ("snapshot", "l2update"):
            rows[message["product_id"]] += message.get("bids", []) + message.get("asks", [])
            rows[message["product_id"]] += [change[1:] for change in message.get("changes", [])]
    captures = {product: Capture(written(rows[product])) for product in known}
    books = CoinbaseBooks({product: capture.recorder for product, capture in captures.items()})
    changes = 0
    for message, seen_ns in lines("coinbase_ws_20210417.jsonl.gz"):
        changes += books.on_message(message, seen_ns)
        if message.get("type") in ("snapshot", "l2update") and message["product_id"] in captures:
            captures[message["product_id"]].look()
    assert changes == sum(product["counters"]["changes"] for product in known.values())
    for product, capture in captures.items():
        assert capture.messages - 1 == known[product]["l2update_messages"]
        assert capture.recorder._now_ns == iso_ns(known[product]["last_update_time"])
        capture.check(known[product]["book_after_n_updates"])


@needs_data
def test_kraken_books_pass_every_checksum_of_the_venue() -> None:
    known = expected("l2_kraken.json")["pairs"]
    captures: dict[str, Capture] = {}
    books: dict[str, KrakenBook] = {}
    for message, seen_ns in lines("kraken_book1000_ws_20210417.jsonl.gz"):
        if not isinstance(message, list):
            continue
        pair = message[-1]
        if pair not in books:
            captures[pair] = Capture(written(message[1]["as"] + message[1]["bs"]))
            books[pair] = KrakenBook(captures[pair].recorder, depth=1000)
        books[pair].on_message(message, seen_ns)
        captures[pair].look()
    assert set(books) == set(known)
    for pair, facts_known in known.items():
        assert books[pair].checked == facts_known["counters"]["checksum_ok"]
        assert books[pair].last_checksum == facts_known["last_checksum"]
        captures[pair].check(facts_known["book_after_n_updates"])


@needs_data
def test_a_wrong_checksum_ends_a_kraken_book() -> None:
    capture = Capture(Digits(2, 2))
    book = KrakenBook(capture.recorder, depth=10)
    book.on_message([1, {"bs": [["1.00", "2.00", "1.0"]], "as": [["3.00", "1.00", "1.0"]]}, "book-10", "X/Y"], 1_000)
    book.on_message([1, {"b": [["1.10", "2.00", "2.0"]], "c": "12345"}, "book-10", "X/Y"], 2_000)
    assert capture.recorder.book is None and capture.recorder.holes == 1


@needs_data
@pytest.mark.parametrize("symbol", ["NKNUSDT", "BLZETH", "LRCBTC", "RUNEEUR"])
def test_binance_books_join_the_snapshot_and_the_stream(symbol: str) -> None:
    known = expected("l2_binance_spot.json")["symbols"][symbol]
    with gzip.open(DATA / "l2/binance_spot_rest_snapshots_20211012.jsonl.gz", "rb") as file:
        snapshots = [json.loads(line) for line in file]
    snapshot = next(row["msg"] for row in snapshots if f"symbol={symbol}&" in row["url"])
    capture = Capture(written(snapshot["bids"] + snapshot["asks"]))
    book = BinanceBook(capture.recorder)
    events = [
        (message["data"], seen_ns)
        for message, seen_ns in lines("binance_spot_ws_20211012.jsonl.gz")
        if message["stream"] == f"{symbol.lower()}@depth@100ms"
    ]
    early = known["counters"]["dropped_stale_u<=lastUpdateId"]
    for event, seen_ns in events[:early]:
        book.on_event(event, seen_ns)
    book.on_snapshot(snapshot, events[0][1])
    capture.look()
    for event, seen_ns in events[early:]:
        book.on_event(event, seen_ns)
        capture.look()
    assert (book.stale, book.applied) == (early, known["counters"]["depth_events_applied"])
    assert book.last_id == known["last_applied_u"]
    capture.check(known["book_after_n_events"])


def test_a_gap_in_binances_ids_is_a_hole_until_a_snapshot_covers_it() -> None:
    capture = Capture(Digits(2, 2))
    book = BinanceBook(capture.recorder)
    book.on_snapshot({"lastUpdateId": 10, "bids": [["1.00", "1.00"]], "asks": []}, 1_000_000)
    event = {"E": 2, "U": 13, "u": 14, "b": [["1.10", "1.00"]], "a": []}
    assert book.on_event(event, 2_000_000) == 0
    assert book.needs_snapshot and capture.recorder.holes == 1
    book.on_snapshot({"lastUpdateId": 12, "bids": [["1.00", "2.00"]], "asks": []}, 3_000_000)
    assert capture.recorder.book.bids.top(2) == [(110, 100), (100, 200)], "what came before the snapshot is played"


@needs_data
def test_bybit_books_are_what_they_were() -> None:
    known = expected("l2_bybit.json")
    captured = list(lines("bybit_ob500_xrpusdt_20241201.jsonl.gz"))
    first = captured[0][0]["data"]
    capture = Capture(written(first["b"] + first["a"]))
    book = BybitBook(capture.recorder)
    for message, _ in captured:
        book.on_message(message, message["ts"] * 1_000_000)
        capture.look()
    capture.check(known["book_after_n_deltas"])


def test_a_lost_connection_is_a_hole_in_every_coinbase_book() -> None:
    captures = {name: Capture(Digits(2, 2)) for name in ("A", "B")}
    books = CoinbaseBooks({name: capture.recorder for name, capture in captures.items()})
    for name in captures:
        books.on_message({"type": "snapshot", "product_id": name, "bids": [["1", "1"]], "asks": []}, 1_000_000)
    books.on_disconnect()
    update = {"type": "l2update", "product_id": "A", "time": "1970-01-01T00:00:01Z", "changes": [["buy", "1", "2"]]}
    with pytest.raises(BadData):
        books.on_message(update, 2_000_000)
    with pytest.raises(NotFound):
        DepthTape(captures["B"].payloads).book_at(1_500_000)


BAD: list[Callable[[dict[str, Any]], object]] = [
    lambda m: m.update(changes=[["hold", "1", "1"]]),
    lambda m: m.update(changes=[["buy", "1"]]),
    lambda m: m.update(changes=[["buy", "1.0001", "1"]]),
    lambda m: m.update(time="yesterday"),
    lambda m: m.update(time="2021-04-17T16:44:07"),
    lambda m: m.pop("changes"),
]


@pytest.mark.parametrize("spoil", BAD)
def test_of_a_message_that_cannot_be_true_nothing_is_taken(spoil: Callable[[dict[str, Any]], object]) -> None:
    capture = Capture(Digits(2, 2))
    books = CoinbaseBooks({"A": capture.recorder})
    books.on_message({"type": "snapshot", "product_id": "A", "bids": [["1", "1"]], "asks": [["2", "1"]]}, 1_000_000)
    update: dict[str, Any] = {
        "type": "l2update", "product_id": "A", "time": "1970-01-01T00:00:01Z",
        "changes": [["buy", "1", "2"], ["sell", "2", "0"]],
    }  # fmt: skip
    spoil(update)
    with pytest.raises(BadData):
        books.on_message(update, 2_000_000)
    assert capture.recorder.book == Book([(100, 100)], [(200, 100)])
    assert (BID, ASK) == (0, 1)


def test_messages_that_are_no_objects_are_refused() -> None:
    for text in (b"", b"[1]", b"{"):
        with pytest.raises(BadData):
            message_of(text)
