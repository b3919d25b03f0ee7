"""decide: closed candles (and what became of our orders) → what the strategies want."""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from typing import Protocol

import numpy as np

from apps.bus.codecs import decode as decode_message
from apps.bus.codecs import encode
from apps.bus.topics import partition_of
from apps.domain.frames import decode
from apps.domain.hands import Out
from apps.domain.lane import Lane
from apps.domain.messages import Advanced, Fill, OrderChanged, Signal
from apps.domain.ports import BusPort, Message, TapePort
from apps.pipeline import flow

log = logging.getLogger("velox.decide")

LOOK_EVERY_S = 1.0
SAVE_EVERY_S = 1.0
FOLLOW_EVERY_S = 0.01

LaneKey = tuple[int, int]


class RosterPort(Protocol):
    """Which lanes should run, and where what they stand at is kept."""

    def wanted(self) -> set[LaneKey]:
        """(run, instrument) of every lane that should run now."""
        ...

    def open(self, key: LaneKey) -> Lane:
        """A lane, warmed up with stored candles and standing where it was saved."""
        ...

    def save(self, lanes: list[Lane], signals: list[Signal]) -> None:
        """Where lanes stand, and the signals given since the last time."""
        ...

    def closed(self, lane: Lane) -> None:
        """Its run is to stop: what it has working must go."""
        ...

    def failed(self, key: LaneKey, reason: str) -> None:
        """It cannot run (any more); a person has to look."""
        ...


class Decide:
    """Hosts lanes. Each is fed the frames in which a candle of its instrument closed, or every one while it is busy."""

    name = "decide"
    reads = (flow.CANDLES, flow.POSITIONS)
    writes = (flow.SIGNALS,)

    def __init__(self, bus: BusPort, tape: TapePort, roster: RosterPort) -> None:
        self._bus, self._tape, self._roster = bus, tape, roster
        self._partitions = bus.partitions(flow.CANDLES)
        self.lanes: dict[LaneKey, Lane] = {}
        self._by_instrument: dict[int, list[Lane]] = defaultdict(list)
        self._busy: dict[LaneKey, Lane] = {}  # to be fed every frame
        self._seen: dict[int, int] = {}
        self._dirty: set[LaneKey] = set()
        self._signals: list[Signal] = []
        self._looked_at = self._saved_at = self._followed_at = 0.0

    def handle(self, messages: list[Message]) -> None:
        self._housekeeping()
        for message in messages:
            if message.topic == flow.CANDLES:
                self._candles(message)
            else:
                self._told(message)
        if time.monotonic() - self._followed_at >= FOLLOW_EVERY_S:
            self._follow()

    def idle(self) -> None:
        self._housekeeping()
        self._follow()

    def close(self) -> None:
        self._save()

    # --- the market

    def _candles(self, message: Message) -> None:
        if message.offset <= self._seen.get(message.partition, -1):
            return  # handed over again after an error further on
        self._seen[message.partition] = message.offset
        _, closed, source = decode(message.payload)
        numbers = set(np.unique(closed["instrument"]).tolist()) if len(closed) else set()
        fed = [lane for number in numbers for lane in self._by_instrument.get(number, ())]
        fed += [lane for lane in self._busy.values() if self._is_on(lane, message.partition, numbers)]
        if not fed:
            return
        ticks = self._tape.frame(message.partition, source)
        for lane in fed:
            mine = closed[closed["instrument"] == lane.spec.instrument.number] if len(closed) else closed
            lane.feed(source, ticks, mine)
            self._pump(lane)

    def _is_on(self, lane: Lane, partition: int, fed: set[int]) -> bool:
        number = lane.spec.instrument.number
        return number not in fed and partition_of(number, self._partitions) == partition

    # --- our orders

    def _told(self, message: Message) -> None:
        event = decode_message(message.payload)
        if not isinstance(event, Fill | OrderChanged | Advanced) or event.run_id is None:
            return
        lane = self.lanes.get((event.run_id, event.instrument))
        if lane is not None:
            try:
                lane.told(event)
            except Exception as error:
                self._fail(lane, error)
                return
            self._pump(lane)

    def _pump(self, lane: Lane) -> None:
        """A strategy is somebody else's code: if it breaks, its run is parked and all others go on."""
        spec = lane.spec
        try:
            wishes = lane.pump()
        except Exception as error:
            self._fail(lane, error)
            return
        self._say(lane, wishes)
        key = (spec.run_id, spec.instrument.number)
        self._dirty.add(key)
        self._watch(key, lane)

    def _watch(self, key: LaneKey, lane: Lane) -> None:
        if lane.busy:
            self._busy[key] = lane
        else:
            self._busy.pop(key, None)

    def _follow(self) -> None:
        """Working orders meet the ticks between candles, at a pace that leaves the path free."""
        self._followed_at = time.monotonic()
        for lane in self._busy.values():
            self._say(lane, lane.follow())

    def _say(self, lane: Lane, wishes: list[Out]) -> None:
        for wish in wishes:
            self._bus.post(flow.SIGNALS, lane.spec.account_id, encode(wish))
            if isinstance(wish, Signal):
                self._signals.append(wish)

    def _fail(self, lane: Lane, error: Exception) -> None:
        key = (lane.spec.run_id, lane.spec.instrument.number)
        log.exception("strategy failed", extra={"run_id": key[0], "instrument": key[1]})
        self._drop(key)
        self._roster.failed(key, f"{type(error).__name__}: {error}")

    # --- which lanes

    def _housekeeping(self) -> None:
        now = time.monotonic()
        if now - self._looked_at >= LOOK_EVERY_S:
            self._looked_at = now
            self._look()
        if now - self._saved_at >= SAVE_EVERY_S and (self._dirty or self._signals):
            self._save()

    def _look(self) -> None:
        """Start lanes that are wanted and not here; stop those no longer wanted."""
        wanted = self._roster.wanted()
        for key in self.lanes.keys() - wanted:
            lane = self.lanes[key]
            self._save()
            self._drop(key)
            self._roster.closed(lane)
        for key in sorted(wanted - self.lanes.keys()):
            try:
                lane = self._roster.open(key)
            except Exception as error:
                log.exception("a lane could not be opened", extra={"run_id": key[0], "instrument": key[1]})
                self._roster.failed(key, f"{type(error).__name__}: {error}")
                continue
            self.lanes[key] = lane
            self._by_instrument[key[1]].append(lane)
            self._watch(key, lane)

    def _drop(self, key: LaneKey) -> None:
        lane = self.lanes.pop(key)
        self._by_instrument[key[1]].remove(lane)
        self._dirty.discard(key)
        self._busy.pop(key, None)

    def _save(self) -> None:
        """Keep where lanes stand. One that waits for the venue is saved once it has gone on."""
        self._saved_at = time.monotonic()
        settled = [key for key in self._dirty if self.lanes[key].settled]
        if settled or self._signals:
            self._roster.save([self.lanes[key] for key in settled], self._signals)
            self._dirty.difference_update(settled)
            self._signals = []
