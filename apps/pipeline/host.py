"""The one loop that runs the stages of a process.

All stages of a process share one thread. It always serves the most-downstream stage that has messages and
whose output topics have room, so that what is furthest along finishes first and nothing piles up inside.
A stage's messages are committed once its `handle` has returned: after a crash they come again.
"""

from __future__ import annotations

import logging
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import msgspec
from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError, close_old_connections, connections

from apps.domain.errors import BadData, BrokerUnavailable
from apps.domain.ports import BusPort, ConsumerPort, Message
from apps.pipeline.flow import DEAD_LETTERS, FLOW

log = logging.getLogger("velox.stages")

PAUSE_S = 0.05  # a stage that got nothing for this long has its idle() called
PATIENT_BATCH = 4096  # messages a patient stage takes at once
BLOCKED_S = 0.005  # how soon to look again at a stage that has messages and may not go on
RETRY_S = (0.05, 0.2, 0.5, 1.0, 2.0, 5.0)  # waits after errors that pass by themselves
PASSING = (BrokerUnavailable, OperationalError, InterfaceError)

_PLACE = {stage.name: place for place, stage in enumerate(FLOW)}


class StageLike(Protocol):
    """What the host asks of a stage. `idle()` and `close()` may be left out.

    A stage that only shows things to people may have a `patience_s`: it is served no more often than that, and
    then takes whatever has come meanwhile at once, so that the stages that trade are not kept waiting.

    After an error the same messages are handed over once more, one at a time: a stage that keeps state
    remembers the offset it stands at in each partition and passes over what it has already taken in.
    """

    name: str
    reads: Sequence[str]
    writes: Sequence[str]

    def handle(self, messages: list[Message]) -> None: ...


class WaitingBus(BusPort, Protocol):
    """A bus on which one thread can wait for many consumers at once."""

    def wait_any(self, consumers: Sequence[ConsumerPort], timeout_s: float) -> bool: ...

    def wake(self) -> None: ...


@dataclass(slots=True)
class Seat:
    """A stage in its host: its consumer, its counters, and what it still owes after an error that may pass."""

    stage: StageLike
    consumer: ConsumerPort
    idle: Callable[[], None] | None
    messages: int = 0
    batches: int = 0
    seconds: float = 0.0
    errors: int = 0
    dead: int = 0
    last_error: str = ""
    owed: list[Message] = field(default_factory=list)
    failures: int = 0
    wait_until: float = 0.0
    served_at: float = 0.0
    patience_s: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        return {
            "name": self.stage.name,
            "messages": self.messages,
            "batches": self.batches,
            "seconds": round(self.seconds, 6),
            "errors": self.errors,
            "dead": self.dead,
            "lag": self.consumer.lag(),
            "last_error": self.last_error,
        }


class StageHost:
    """Runs stages on a bus: in a thread of its own (`start`, then `drain` or `stop`), or step by step in tests.

    `strict` lets the first error out instead of counting it: for tests, where an error is a failure.
    `on_broken` is told when the loop itself ended by an error.
    """

    def __init__(
        self,
        bus: WaitingBus,
        stages: Sequence[StageLike],
        *,
        batch: int = 64,
        strict: bool = False,
        on_broken: Callable[[str], None] | None = None,
    ) -> None:
        self._bus, self._batch, self._strict, self._on_broken = bus, batch, strict, on_broken
        in_order = sorted(stages, key=lambda stage: _PLACE.get(stage.name, len(_PLACE)), reverse=True)
        self._seats = [
            Seat(
                stage,
                bus.consumer(stage.name, tuple(stage.reads)),
                getattr(stage, "idle", None),
                patience_s=getattr(stage, "patience_s", 0.0),
            )
            for stage in in_order
        ]
        self._thread: threading.Thread | None = None
        self._stopping = self._draining = self._closed = self._left_over = False
        self._last_turn = self._next_idle = time.monotonic()
        self._fatal = ""
        self._hurries = False  # somebody waits for the end: nobody is patient any more

    # --- the loop

    def turn(self) -> bool:
        """Serve the most-downstream stage that can go on; False when there is nothing to do."""
        self._last_turn = now = time.monotonic()
        for seat in self._seats:
            if self._is_blocked(seat, now):
                continue
            if seat.owed:
                self._settle_debt(seat)
                return True
            messages = seat.consumer.poll(0.0, self._batch if not seat.patience_s else PATIENT_BATCH)
            if messages:
                self._serve(seat, messages)
                return True
        return False

    def run_until_quiet(self) -> int:
        """Without a thread: take turns until no stage has anything left, idle() included; returns messages handled."""
        before, self._hurries = self.handled, True
        while True:
            while self.turn():
                pass
            waits = [seat.wait_until for seat in self._seats if seat.owed]
            if waits:
                time.sleep(max(0.0, min(waits) - time.monotonic()))
                continue
            self._idle_round(float("inf"))
            if not self._has_waiting():
                return self.handled - before

    def _is_blocked(self, seat: Seat, now: float) -> bool:
        if seat.patience_s and now - seat.served_at < seat.patience_s and not self._hurries:
            return True
        return seat.wait_until > now or not all(self._bus.has_room(topic) for topic in seat.stage.writes)

    def _serve(self, seat: Seat, messages: list[Message]) -> None:
        """Hand a batch over; after an error go on one message at a time, so that one bad message spoils no other."""
        try:
            self._handle(seat, messages)
        except Exception as error:
            self._count(seat, error, messages)
            seat.owed = list(messages)
            if isinstance(error, PASSING):
                self._back_off(seat)
            else:
                self._settle_debt(seat)
        else:
            seat.consumer.commit()

    def _settle_debt(self, seat: Seat) -> None:
        """Messages once failed, one at a time: done, put aside as dead letters, or kept for later."""
        while seat.owed:
            message = seat.owed[0]
            try:
                self._handle(seat, [message])
            except PASSING as error:
                self._count(seat, error, seat.owed)
                self._back_off(seat)
                return
            except Exception as error:
                self._count(seat, error, [message])
                self._bury(seat, message, error)
            seat.owed.pop(0)
            seat.failures = 0
        seat.consumer.commit()

    def _handle(self, seat: Seat, messages: list[Message]) -> None:
        started = time.monotonic()
        try:
            seat.stage.handle(messages)
        finally:
            seat.served_at = time.monotonic()
            seat.seconds += seat.served_at - started
        seat.messages += len(messages)
        seat.batches += 1

    def _idle_round(self, now: float) -> None:
        """Let the stages that got nothing lately do what is due by the clock."""
        self._next_idle = self._last_turn + PAUSE_S
        for seat in self._seats:
            if seat.idle is None or seat.owed or now - seat.served_at < PAUSE_S:
                continue
            try:
                seat.idle()
            except Exception as error:
                self._count(seat, error, [])

    def _count(self, seat: Seat, error: Exception, messages: Sequence[Message]) -> None:
        if self._strict:
            raise error
        seat.errors += 1
        seat.last_error = f"{type(error).__name__}: {error}"
        first = messages[0] if messages else None
        log.error(
            "stage %s failed: %s",
            seat.stage.name,
            seat.last_error,
            exc_info=None if isinstance(error, (BadData, BrokerUnavailable)) else error,
            extra={
                "stage": seat.stage.name,
                "messages": len(messages),
                "topic": first.topic if first else "",
                "partition": first.partition if first else -1,
                "offset": first.offset if first else -1,
            },
        )
        if isinstance(error, DatabaseError):
            close_old_connections()

    def _back_off(self, seat: Seat) -> None:
        seat.wait_until = time.monotonic() + RETRY_S[min(seat.failures, len(RETRY_S) - 1)]
        seat.failures += 1

    def _bury(self, seat: Seat, message: Message, error: Exception) -> None:
        """Put a message nobody can handle where a person can look at it, and go on."""
        seat.dead += 1
        letter = {
            "stage": seat.stage.name,
            "reason": f"{type(error).__name__}: {error}",
            "topic": message.topic,
            "partition": message.partition,
            "offset": message.offset,
            "key": message.key,
            "published_ns": message.published_ns,
            "payload": b64encode(message.payload).decode(),
        }
        self._bus.publish(DEAD_LETTERS, message.key, msgspec.json.encode(letter))
        log.error("put aside as a dead letter", extra={key: letter[key] for key in ("stage", "topic", "offset")})

    # --- its own thread

    def start(self) -> None:
        """Begin serving in a thread of its own."""
        self._thread = threading.Thread(target=self._run, name="velox-stages", daemon=True)
        self._thread.start()

    def drain(self, timeout_s: float = 30.0) -> bool:
        """Finish all that is on the bus, commit it and end. False: not everything could be done within `timeout_s`.

        Whoever feeds the stages has to have stopped before.
        """
        self._draining = self._hurries = True
        done = self._join(timeout_s)
        if not done:
            self.stop()
        return done and not self._fatal and not self._left_over

    def stop(self, timeout_s: float = 10.0) -> bool:
        """End after the batch under way; what is not committed then is read again by the next host."""
        self._stopping = True
        return self._join(timeout_s)

    def _join(self, timeout_s: float) -> bool:
        self._bus.wake()
        if self._thread is None:
            if self._draining and not self._closed:
                self.run_until_quiet()
            self._close()
            return True
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            while not self._stopping:
                busy = self.turn()
                if self._last_turn >= self._next_idle:
                    self._idle_round(self._last_turn)
                if not busy and not self._draining:
                    self._rest()
                elif not busy and not self._has_waiting():
                    self._idle_round(float("inf"))
                    if not self._has_waiting():
                        break
                elif not busy:
                    time.sleep(BLOCKED_S)
        except Exception as error:  # the loop itself is broken: health() says so and the supervisor acts
            self._fatal = f"{type(error).__name__}: {error}"
            log.exception("the stage host stopped")
            if self._on_broken is not None:
                self._on_broken(self._fatal)
        finally:
            self._close()
            if settings.configured:
                connections.close_all()

    def _rest(self) -> None:
        """Sleep until a message comes for a stage that may go on."""
        ready = [seat.consumer for seat in self._seats if not self._is_blocked(seat, self._last_turn)]
        all_ready = len(ready) == len(self._seats)
        self._bus.wait_any(ready, PAUSE_S if all_ready else BLOCKED_S)

    def _has_waiting(self) -> bool:
        return any(seat.owed or seat.consumer.lag() for seat in self._seats)

    def _close(self) -> None:
        if self._closed:
            return
        self._closed = True
        self._left_over = self._has_waiting()
        for seat in self._seats:
            try:
                getattr(seat.stage, "close", lambda: None)()
            except Exception:
                log.exception("stage %s did not close cleanly", seat.stage.name)
            seat.consumer.close()

    # --- what others may ask

    @property
    def handled(self) -> int:
        return sum(seat.messages for seat in self._seats)

    def health(self) -> dict[str, Any]:
        """`alive`: the loop runs; `stalled_s`: since its last turn; and the counters of each stage, upstream first."""
        alive = self._thread is not None and self._thread.is_alive() and not self._fatal
        return {
            "alive": alive,
            "stalled_s": round(time.monotonic() - self._last_turn, 3),
            "error": self._fatal,
            "stages": [seat.as_dict() for seat in reversed(self._seats)],
        }
