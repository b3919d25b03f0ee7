"""A lane: one strategy of one run on one instrument, from closed candles to signals.

The lane walks a queue of *points* (a candle closed, a timer is due, a tick came), each at a place on
the tape. While it has orders at a simulated venue it may not pass a point before the venue has matched
everything up to it: it says `Advance(upto)`, and goes on at `Advanced(upto)`. With no orders out it
never waits. So fills depend on the tape alone, and a backtest, a replay and live stages agree.
"""

from __future__ import annotations

import base64
import json
from bisect import insort
from typing import Any, Final

import numpy as np

from apps.domain.errors import BadData
from apps.domain.frames import QUOTE, ROW_BITS, CandleArray, TickArray
from apps.domain.hands import Hands, LaneSpec, Out
from apps.domain.messages import Advance, Advanced, Fill, OrderChanged
from apps.domain.series import Forming, Reading, Series
from apps.domain.strategies.base import Strategy, TickView
from apps.domain.tape import first_at, rows_of

_ROW_MASK: Final = (1 << ROW_BITS) - 1
_RANK_BITS: Final = 4
_RANK_MASK: Final = (1 << _RANK_BITS) - 1
_TIMER, _TICK = 14, 15  # ranks on one place; below them the timeframes, longest first
_SAVED: Final = 2


class Lane:
    """Feed it frames of the tape, tell it what became of its orders, pump it for what it wants.

    A point is one integer, place and rank: a list of them costs the garbage collector nothing.
    """

    def __init__(self, spec: LaneSpec, strategy: Strategy) -> None:
        self.spec, self.strategy = spec, strategy
        self.hands = Hands(spec, self._set_timer, self._now)
        self.horizon = self.done = -1  # last place fed, last place decided
        self._matched, self._waiting = -1, False
        self._points: list[int] = []
        self._next = 0
        self._frames: dict[int, TickArray] = {}  # by offset, while points of theirs wait
        self._timers: dict[str, int] = {}
        self._armed: dict[int, list[str]] = {}  # timers that found their place, by point
        self._fill_ns = 0
        self._prepare()

    def _prepare(self) -> None:
        wishes = _Wishes(self.spec.timeframe)
        self.strategy.setup(wishes)
        timeframes = {self.spec.timeframe, *wishes.told, *(line.timeframe for line in wishes.lines)}
        if len(timeframes) > _TIMER:
            raise BadData(f"a strategy may look at {_TIMER} timeframes, this one wants {len(timeframes)}")
        self._series = [
            Series(timeframe, list(dict.fromkeys(x.text for x in wishes.lines if x.timeframe == timeframe)))
            for timeframe in sorted(timeframes, reverse=True)
        ]
        self._by_timeframe = {series.timeframe: series for series in self._series}
        self._is_told = [series.timeframe in wishes.told | {self.spec.timeframe} for series in self._series]
        for line in wishes.lines:
            line.bind(self._by_timeframe[line.timeframe])
        self.wants_ticks = type(self.strategy).on_tick is not Strategy.on_tick
        self._forming = [Forming() for _ in self._series] if self.wants_ticks else []

    @property
    def timeframes(self) -> list[int]:
        return sorted(self._by_timeframe)

    def warm_up(self, timeframe: int) -> int:
        """Closed candles of this timeframe its indicators need before their first final values."""
        return self._by_timeframe[timeframe].study.warm_up

    def warm(self, candles: CandleArray) -> None:
        """Commit history (closed candles, any timeframes of ours) without telling the strategy."""
        for series in self._series:
            mine = candles[candles["timeframe"] == series.timeframe]
            if len(mine):
                series.extend(mine)
                series.at = len(series) - 1
                self.hands.price = series.columns["close"][-1]

    # --- in

    @property
    def busy(self) -> bool:
        """Must be fed every frame, even one in which no candle of ours closed."""
        return self.wants_ticks or bool(self.hands.orders) or bool(self._timers)

    @property
    def settled(self) -> bool:
        """Everything fed has been decided and nothing is being waited for: the moment to save."""
        return self._next >= len(self._points) and not self._waiting

    def feed(self, offset: int, ticks: TickArray, closed: CandleArray) -> None:
        """The tape goes on: a frame, and the candles of our instrument that closed on its rows."""
        if self._next >= len(self._points):
            self._points, self._next = [], 0
            self._frames.clear()
            for series in self._series:
                series.trim()
        self._frames[offset] = ticks
        points = self._candle_points(offset, closed)
        if self.wants_ticks:
            rows = rows_of(ticks, self.spec.instrument.number, 0)
            points += _points(offset, rows, _TICK)
        if len(self._series) > 1 or self.wants_ticks:
            points.sort()
        self._points += points
        for name, at_ns in self._timers.items():
            self._arm(name, at_ns, offset, 0)
        self.horizon = (offset << ROW_BITS) + len(ticks) - 1

    def _candle_points(self, offset: int, closed: CandleArray) -> list[int]:
        points: list[int] = []
        if len(closed):
            for rank, series in enumerate(self._series):
                mine = closed[closed["timeframe"] == series.timeframe]
                if len(mine):
                    series.extend(mine, commit=not self.wants_ticks)
                    points += _points(offset, mine["row"].astype(np.int64), rank)
        return points

    def told(self, message: Fill | OrderChanged | Advanced) -> None:
        """What became of our orders, or how far the venue has matched."""
        if isinstance(message, Advanced):
            self._matched, self._waiting = max(self._matched, message.upto), False
        elif self.hands.book(message) and isinstance(message, Fill):
            hands = self.hands
            hands.place, hands.price = message.tape_at, float(message.price)
            self._fill_ns = message.at_ns
            self.strategy.on_fill(hands, message)
            self._fill_ns = 0

    # --- on

    def pump(self) -> list[Out]:
        """Go as far as the tape and the venue allow; returns what the strategy wants, in order."""
        points, orders, gated = self._points, self.hands.orders, self.spec.gated
        while self._next < len(points):
            point = points[self._next]
            if orders and gated and self._matched < point >> _RANK_BITS:
                self._ask(point >> _RANK_BITS)
                return self._take()
            self._next += 1
            self._visit(point)
        self.done = self.horizon
        return self._take()

    def follow(self) -> list[Out]:
        """Between points: let the venue match what has come since, so that a stop does not wait for the next candle."""
        if self.hands.orders and self.spec.gated and self._next >= len(self._points) and self._matched < self.horizon:
            self._ask(self.horizon)
        return self._take()

    def _visit(self, point: int) -> None:
        hands, rank = self.hands, point & _RANK_MASK
        free = not hands.orders
        hands.place = point >> _RANK_BITS
        if rank < _TIMER:
            self._visit_candle(rank)
        elif rank == _TIMER:
            for name in self._armed.pop(point, ()):
                if self._timers.pop(name, None) is not None:
                    self.strategy.on_timer(hands, name)
        else:
            self._visit_tick()
        if free and hands.orders:  # the venue has nothing of ours to match before this place
            self._matched = max(self._matched, hands.place)

    def _visit_candle(self, rank: int) -> None:
        series, hands = self._series[rank], self.hands
        series.step()
        if self._forming:
            self._forming[rank].reset()
        if self._is_told[rank]:
            hands.price = series.columns["close"][series.at]
            self.strategy.on_candle(hands, series.candle)

    def _visit_tick(self) -> None:
        hands, place = self.hands, self.hands.place
        tick = self._frames[place >> ROW_BITS][place & _ROW_MASK]
        at_ns, bid, size = int(tick["event_ns"]), float(tick["price"]), float(tick["size"])
        is_quote = bool(tick["flags"] & QUOTE)
        for series, forming in zip(self._series, self._forming, strict=True):
            if not forming.begun:
                forming.begin(at_ns, self.spec.session_at(at_ns), series.timeframe)
            forming.add(bid, 0.0 if is_quote else size)
            series.provisional = forming.peek(series.study)
        hands.price, hands.provisional = bid, True
        self.strategy.on_tick(hands, TickView(at_ns, bid, float(tick["ask"]) if is_quote else bid, size))
        hands.provisional = False
        for series in self._series:  # anybody but on_tick sees closed candles only
            series.provisional = None

    def _ask(self, upto: int) -> None:
        if not self._waiting:
            self._waiting = True
            spec = self.spec
            self.hands.out.append(Advance(spec.run_id, spec.account_id, spec.instrument.number, upto))

    def _take(self) -> list[Out]:
        out, self.hands.out = self.hands.out, []
        return out

    # --- time

    def _now(self) -> int:
        if self._fill_ns or self.hands.place < 0:
            return self._fill_ns
        place = self.hands.place
        return int(self._frames[place >> ROW_BITS][place & _ROW_MASK]["event_ns"])

    def _set_timer(self, at_ns: int, name: str) -> None:
        for point, names in self._armed.items():  # one timer a name: the old one is forgotten
            if name in names:
                names.remove(name)
                if not names:
                    del self._armed[point]
                    self._points.remove(point)
                break
        self._timers[name] = at_ns
        now = self.hands.place
        for offset in sorted(self._frames):
            first = (now & _ROW_MASK) + 1 if offset == now >> ROW_BITS else 0
            if offset >= now >> ROW_BITS and self._arm(name, at_ns, offset, first):
                return

    def _arm(self, name: str, at_ns: int, offset: int, first: int) -> bool:
        """Find the timer's place in a frame, from row `first` on; False: it lies beyond."""
        if any(name in names for names in self._armed.values()):
            return True
        ticks = self._frames[offset]
        row = max(first_at(ticks, self.spec.instrument.number, at_ns), first)
        if row >= len(ticks):
            return False
        point = ((offset << ROW_BITS) + row) << _RANK_BITS | _TIMER
        if point not in self._armed:
            insort(self._points, point, lo=self._next)
        self._armed.setdefault(point, []).append(name)
        return True

    # --- kept over a restart

    def remember(self) -> dict[str, Any]:
        """What only this lane knows: the strategy's own state, its orders, its timers; little, and quick to write."""
        return {"state": self.strategy.state, "hands": self.hands.saved(), "timers": self._timers}

    def save(self) -> bytes:
        """All that a restart on the same tape needs, as of `done`. Only meaningful while `settled`."""
        return json.dumps(
            {
                "version": _SAVED,
                **self.remember(),
                "series": {
                    str(series.timeframe): [
                        series.indicators,
                        base64.b64encode(series.study.save()).decode(),
                        series.tail(),
                    ]
                    for series in self._series
                },
            }
        ).encode()

    def restore(self, blob: bytes) -> None:
        """Stand again where `save` was called. Raises BadData for a blob of another version or other indicators."""
        saved = json.loads(blob)
        if saved.get("version") != _SAVED:
            raise BadData("a strategy's saved state is of a version this program does not read")
        if {int(timeframe): texts for timeframe, (texts, _, _) in saved["series"].items()} != {
            series.timeframe: series.indicators for series in self._series
        }:
            raise BadData("a strategy's saved state has other indicators than it uses now")
        for timeframe, (_, study, tail) in saved["series"].items():
            self._by_timeframe[int(timeframe)].restore(tail, base64.b64decode(study))
        self.resume(saved)

    def resume(self, saved: dict[str, Any]) -> None:
        """Take back what `remember` gave; indicators stay as they were warmed."""
        self.strategy.state, self._timers = saved["state"], saved["timers"]
        self.hands.restore(saved["hands"])


def _points(offset: int, rows: np.ndarray[tuple[int], np.dtype[np.int64]], rank: int) -> list[int]:
    points: list[int] = ((rows + (offset << ROW_BITS) << _RANK_BITS) | rank).tolist()
    return points


class _Wishes:
    """`Setup` of the strategy contract: writes down what is asked for."""

    def __init__(self, timeframe: int) -> None:
        self.timeframe = timeframe
        self.told: set[int] = set()
        self.lines: list[Reading] = []

    def indicator(self, text: str, *, timeframe: int | None = None, output: str | None = None) -> Reading:
        line = Reading(timeframe or self.timeframe, text, output)
        self.lines.append(line)
        return line

    def candles(self, timeframe: int) -> None:
        self.told.add(timeframe)
