"""The path through three real brokers on this machine: messages of 100 bytes, and ticks in frames.

Needs `make services` and KAFKA_BOOTSTRAP (`make bench-services` sees to both); measures nothing without.
The peers are Kafka's own Java tools on the same topics settings, in the same run. Brokers, producer and
consumer share the machine's cores, so the figures are a floor of what separate machines would do.
"""

from __future__ import annotations

import multiprocessing
import os
import re
import subprocess
import sys
import time
import uuid
from typing import Any

import numpy as np

from apps.bus.kafka import KafkaBus
from apps.bus.kafka_admin import KafkaAdmin
from apps.bus.topics import MIB, Topic
from apps.domain import frames
from apps.domain.candles import CandleBuilder
from apps.domain.sessions import calendar_get
from apps.domain.studies import StudyBank
from deploy.services.home import Home
from deploy.services.packages import kafka_jars

SIX = ["sma(20)", "ema(20)", "rsi(14)", "macd(12,26,9)", "bbands(20,2)", "atr(14)"]
BOOTSTRAP = os.environ.get("KAFKA_BOOTSTRAP", "")
MESSAGES = Topic("messages", "nothing", partitions=4, capacity=32 * MIB, retention_h=1)
TICKS = Topic("ticks", "instrument", partitions=4, capacity=32 * MIB, retention_h=1)
SIZE = 100
COUNT = 200_000
FRAME, FRAMES, INSTRUMENTS = 500, 8_000, 100
START_NS = 1_700_000_000_000_000_000


def rows() -> list[dict[str, Any]]:
    if not BOOTSTRAP:
        print("KAFKA_BOOTSTRAP is not set: nothing to measure (make bench-services starts brokers)", file=sys.stderr)
        return []
    prefix = f"bench-{uuid.uuid4().hex[:6]}."
    bus = KafkaBus(BOOTSTRAP, [MESSAGES, TICKS], prefix=prefix)
    try:
        ours_out, ours_in = _messages(bus)
        theirs_out, theirs_in = _java(prefix + MESSAGES.name)
        return [
            _row("kafka_produce_messages_per_s", ours_out, "messages/s", "kafka-producer-perf-test", theirs_out,
                 "100 B, acks=all, 3 replicas, 4 partitions; our peer is Java; more is better"),
            _row("kafka_consume_messages_per_s", ours_in, "messages/s", "kafka-consumer-perf-test", theirs_in,
                 "100 B, polled as Message objects; the peer only counts them; more is better"),
            _row("kafka_hop_p50_ms", _hop_ms(bus), "ms", "", None, "post to a waiting member's poll; less is better"),
            _row("kafka_ticks_per_s_end_to_end", _end_to_end(bus, prefix), "ticks/s", "goal", 1_000_000.0,
                 "frames of 500: another process posts; polled, decoded, candles and six indicators; more is better"),
        ]  # fmt: skip
    finally:
        bus.close()
        admin = KafkaAdmin({"bootstrap_servers": BOOTSTRAP.split(",")}, {t.name: t for t in (MESSAGES, TICKS)}, prefix)
        admin.delete_all()
        admin.close()


def _row(name: str, value: float, unit: str, peer: str, peer_value: float | None, note: str) -> dict[str, Any]:
    ratio = value / peer_value if peer_value else None
    return {"name": name, "value": value, "unit": unit, "peer": peer, "peer_value": peer_value,
            "floor_value": None, "ratio": ratio, "note": note}  # fmt: skip


def _messages(bus: KafkaBus) -> tuple[float, float]:
    """Messages a second out of, and into, one Python process."""
    payload = os.urandom(SIZE)
    began = time.perf_counter()
    for number in range(COUNT):
        bus.post("messages", number, payload)
    bus.flush()
    out = COUNT / (time.perf_counter() - began)
    consumer = bus.consumer("bench", ["messages"])
    consumer.poll(10.0, limit=1)
    began, got = time.perf_counter(), 1
    while got < COUNT:
        got += len(consumer.poll(1.0, limit=4096))
    into = COUNT / (time.perf_counter() - began)
    consumer.close()
    return out, into


def _hop_ms(bus: KafkaBus) -> float:
    consumer = bus.consumer("hop", ["ticks"])
    took = []
    for _ in range(300):
        began = time.perf_counter()
        bus.post("ticks", 0, b"x" * 64)
        while not consumer.poll(1.0):
            pass
        took.append(time.perf_counter() - began)
        consumer.commit()
    consumer.close()
    return sorted(took)[len(took) // 2] * 1000


def _java(topic: str) -> tuple[float, float]:
    tools = ["java", "-Xmx256m", "-cp", f"{kafka_jars(Home.from_environment())}/*"]
    count = str(5 * COUNT)
    send = ["org.apache.kafka.tools.ProducerPerformance", "--topic", topic, "--num-records", count]
    send += ["--record-size", str(SIZE), "--throughput", "-1"]
    said = _said([*tools, *send, "--bootstrap-server", BOOTSTRAP, "--command-property", "acks=all"])
    out = float(re.findall(r"([\d.]+) records/sec", said)[-1])
    take = ["org.apache.kafka.tools.ConsumerPerformance", "--topic", topic, "--bootstrap-server", BOOTSTRAP]
    said = _said([*tools, *take, "--num-records", count, "--timeout", "30000"])
    names, values = (line.split(", ") for line in said.strip().splitlines()[-2:])
    return out, float(dict(zip(names, values, strict=True))["fetch.nMsg.sec"])


def _said(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=180)
    if done.returncode:
        raise RuntimeError(f"{command[4]}: {done.stdout[-500:]}{done.stderr[-500:]}")
    return done.stdout


def _end_to_end(bus: KafkaBus, prefix: str) -> float:
    """Ticks a second from the first frame's posting in another process to the last frame's indicators here."""
    calendar = calendar_get("CRYPTO")
    builder = CandleBuilder(dict.fromkeys(range(1, INSTRUMENTS + 1), calendar), [60])
    bank = StudyBank(SIX, INSTRUMENTS)
    _compute(frames.encode(frames.TICKS, _ticks(0)), builder, bank)  # compile first
    consumer = bus.consumer("end-to-end", ["ticks"])
    while consumer.poll(0.3):
        consumer.commit()
    other = multiprocessing.get_context("spawn").Process(target=_produce, args=(prefix,))
    other.start()
    done = 0
    began = ended = 0.0
    while done < FRAMES:
        messages = consumer.poll(5.0, limit=256)
        for message in messages:
            if message.key < 0:  # the starting shot
                began = time.perf_counter()
                continue
            _compute(message.payload, builder, bank)
            done += 1
        consumer.commit()
    ended = time.perf_counter()
    other.join()
    consumer.close()
    return FRAMES * FRAME / (ended - began)


def _compute(payload: bytes, builder: CandleBuilder, bank: StudyBank) -> None:
    _, ticks, _ = frames.decode(payload)
    builder.add(ticks)
    minute = ticks["event_ns"] // 60_000_000_000
    slots = ticks["instrument"].astype(np.int64) - 1
    bank.on_ticks(slots, ticks["price"], ticks["size"], minute, np.zeros(len(ticks), np.int64))


def _ticks(number: int) -> frames.TickArray:
    """Frame `number` of a series in order of time, 100 instruments mixed."""
    rng = np.random.default_rng(number)
    ticks = np.zeros(FRAME, frames.TICK)
    ticks["instrument"] = rng.integers(1, INSTRUMENTS + 1, FRAME)
    ticks["event_ns"] = ticks["seen_ns"] = START_NS + (number * FRAME + np.arange(FRAME)) * 1_000_000
    ticks["price"] = 100.0 + rng.normal(0.0, 0.5, FRAME)
    ticks["size"], ticks["ask"] = 1.0, np.nan
    return ticks


def _produce(prefix: str) -> None:
    bus = KafkaBus(BOOTSTRAP, [MESSAGES, TICKS], prefix=prefix)
    ready = [frames.encode(frames.TICKS, _ticks(number)) for number in range(FRAMES)]
    bus.publish("ticks", -4, b"")
    for number, payload in enumerate(ready):
        bus.post("ticks", number, payload)
    bus.flush()
    bus.close()
