"""A lane: one strategy of one run on one instrument, from closed candles to signals.

The lane walks a queue of *points* (a candle closed, a tick came, a timer is due), each at a place on
the tape. While it has orders at a simulated venue it may not pass a point before the venue has matched
everything up to it: it says `Advance(upto)`, and goes on at `Advanced(upto)`. With no orders out it
never waits. So fills depend on the tape alone, and a backtest, a replay and live stages agree.
"""

from __future__ import annotations

import base64
import json
import math
from bisect import bisect_left, insort
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from operator import itemgetter
from typing import Any

import numpy as np

from apps.domain.errors import BadData
from apps.domain.frames import BUYER, FROM_CANDLE, QUOTE, ROW_BITS, SELLER, CandleArray, TickArray
from apps.domain.messages import (
    ZERO,
    Advance,
    Advanced,
    CancelWanted,
    Fill,
    Instrument,
    OrderChanged,
    OrderType,
    Side,
    Signal,
    decimal_price,
)
from apps.domain.series import Forming, Reading, Series
from apps.domain.strategies.base import Strategy, TickView
from apps.domain.tape import first_at, rows_of

Out = Signal | CancelWanted | Advance
_ROW_MASK = (1 << ROW_BITS) - 1
_OVER = frozenset({"cancel", "expire", "reject", "deny"})
_AFTER_TIMERS, _TIMERS = 2, 1  # ranks on one row; closed candles rank by -timeframe: the longest is told first

Point = tuple[int, int, "_Slice", Series | None, int, str]
"""(place, rank, slice, series of a closed candle or None, its index there, name of a timer or "")"""
_ORDER = itemgetter(0, 1)


@dataclass(frozen=True, slots=True)
class LaneSpec:
    """Who runs what where. `gated`: the venue is simulated, so strategy and venue take turns on the tape.

    `session_at(ns)`: opening of the session ns lies in, or ns itself outside any; `window(name, ns)`:
    the named trading window around ns, or None.
    """

    run_id: int
    account_id: int
    instrument: Instrument
    timeframe: int
    gated: bool = True
    session_at: Callable[[int], int] = lambda ns: ns
    window: Callable[[str, int], tuple[int, int] | None] = lambda name, ns: None


@dataclass(slots=True)
class _Slice:
    """A frame of the tape as this lane was fed it."""

    offset: int
    ticks: TickArray


class Lane:
    """Feed it slices of the tape, tell it what became of its orders, pump it for what it wants.

    The order of calls does not matter to the outcome; only the tape does.
    """

    def __init__(self, spec: LaneSpec, strategy: Strategy) -> None:
        self.spec, self.strategy = spec, strategy
        self.timeframe = spec.timeframe
        self.out: list[Out] = []
        self.orders: dict[str, str] = {}
        self._booked: set[str] = set()  # fills of orders still out, so that one told twice counts once
        self.qty, self.avg_price = ZERO, ZERO
        self.sequence = 0
        self.horizon = -1  # last place fed
        self.done = -1  # last place decided
        self._matched, self._waiting = -1, False
        self._points: list[Point] = []
        self._next = 0
        self._timers: dict[str, int] = {}
        self._armed: set[str] = set()
        self._series: dict[int, Series] = {}
        self._told: set[int] = {spec.timeframe}
        self._forming: dict[int, Forming] = {}
        self._now: Point = (0, 0, _Slice(-1, _NOTHING), None, 0, "")
        self._last_price = math.nan
        self._prepare()

    # --- setup (the strategy's `Setup`)

    def _prepare(self) -> None:
        wanted = _Wishes(self.timeframe)
        self.strategy.setup(wanted)
        self._told |= wanted.told
        for timeframe in {self.timeframe, *wanted.told, *(t for t, _ in wanted.indicators)}:
            texts = list(dict.fromkeys(text for t, text in wanted.indicators if t == timeframe))
            self._series[timeframe] = Series(timeframe, texts)
        for late in wanted.lines:
            late.reading = self._series[late.timeframe].line(late.text, late.output)
        self.wants_ticks = type(self.strategy).on_tick is not Strategy.on_tick
        if self.wants_ticks:
            self._forming = {timeframe: Forming() for timeframe in self._series}

    @property
    def timeframes(self) -> list[int]:
        return sorted(self._series)

    def warm_up(self, timeframe: int) -> int:
        """Closed candles of this timeframe the indicators need before their first final value."""
        return self._series[timeframe].study.warm_up

    def warm(self, candles: CandleArray) -> None:
        """Commit history (closed candles, any timeframes of ours) without telling the strategy."""
        for timeframe, series in self._series.items():
            mine = candles[candles["timeframe"] == timeframe]
            if len(mine):
                series.extend(mine)
                series.at = len(series) - 1
                self._last_price = series.columns["close"][-1]

    # --- in

    @property
    def busy(self) -> bool:
        """Must be fed every frame, even one in which no candle of ours closed."""
        return self.wants_ticks or bool(self.orders) or bool(self._timers)

    @property
    def settled(self) -> bool:
        """Everything fed has been decided and nothing is being waited for: the moment to save."""
        return self._next >= len(self._points) and not self._waiting

    def feed(self, offset: int, ticks: TickArray, closed: CandleArray) -> None:
        """The tape goes on: a frame, and the candles of our instrument that closed on its rows."""
        piece = _Slice(offset, ticks)
        points = self._candle_points(piece, closed) + self._tick_points(piece)
        points += [p for name, at in self._timers.items() if (p := self._timer_point(piece, name, at, 0))]
        points.sort(key=_ORDER)
        if self._next >= len(self._points):
            self._points, self._next = points, 0
        else:
            self._points += points
        self.horizon = (offset << ROW_BITS) + len(ticks) - 1

    def _candle_points(self, piece: _Slice, closed: CandleArray) -> list[Point]:
        if self._next >= len(self._points):
            for series in self._series.values():
                series.trim()
        base, points = piece.offset << ROW_BITS, list[Point]()
        for timeframe, series in self._series.items():
            mine = closed[closed["timeframe"] == timeframe] if len(closed) else closed
            if len(mine):
                first = series.extend(mine)
                places = (mine["row"].astype(np.int64) + base).tolist()
                points += [(place, -timeframe, piece, series, first + i, "") for i, place in enumerate(places)]
        return points

    def _tick_points(self, piece: _Slice) -> list[Point]:
        if not self.wants_ticks:
            return []
        base = piece.offset << ROW_BITS
        rows = rows_of(piece.ticks, self.spec.instrument.number, 0).tolist()
        return [(base + row, _AFTER_TIMERS, piece, None, 0, "") for row in rows]

    def _timer_point(self, piece: _Slice, name: str, at_ns: int, first: int) -> Point | None:
        if name in self._armed:
            return None
        row = max(first_at(piece.ticks, self.spec.instrument.number, at_ns), first)
        if row >= len(piece.ticks):
            return None
        self._armed.add(name)
        return ((piece.offset << ROW_BITS) + row, _TIMERS, piece, None, 0, name)

    def told(self, message: Fill | OrderChanged | Advanced) -> None:
        """What became of our orders, or how far the venue has matched."""
        if isinstance(message, Advanced):
            self._matched, self._waiting = max(self._matched, message.upto), False
        elif message.client_order_id in self.orders:
            if isinstance(message, Fill):
                if message.fill_id not in self._booked:
                    self._fill(message)
            elif message.event in _OVER:
                del self.orders[message.client_order_id]

    def _fill(self, fill: Fill) -> None:
        before = self.qty
        change = fill.side.sign * fill.qty
        self.qty = before + change
        if before * change >= 0:
            self.avg_price = (self.avg_price * abs(before) + fill.price * fill.qty) / abs(self.qty)
        elif self.qty == 0:
            self.avg_price = ZERO
        elif self.qty * before < 0:
            self.avg_price = fill.price
        self._booked.add(fill.fill_id)
        if fill.closes_order:
            del self.orders[fill.client_order_id]
        if not self.orders:
            self._booked.clear()
        self._now = (fill.tape_at, 0, _Slice(-1, _NOTHING), None, fill.at_ns, "")
        self._last_price = float(fill.price)
        self.strategy.on_fill(self, fill)

    # --- on

    def pump(self) -> list[Out]:
        """Go as far as the tape and the venue allow; returns what the strategy wants, in order."""
        points, gated = self._points, self.spec.gated
        while self._next < len(points):
            point = points[self._next]
            if gated and self.orders and self._matched < point[0]:
                self._ask(point[0])
                return self._take()
            self._next += 1
            self._visit(point)
        self.done = self.horizon
        if gated and self.orders and self._matched < self.horizon:
            self._ask(self.horizon)
        return self._take()

    def _visit(self, point: Point) -> None:
        self._now = point
        _, _, _, series, index, timer = point
        if series is not None:
            series.at, series.provisional = index, None
            if self._forming:
                self._forming[series.timeframe].reset()
            if series.timeframe in self._told:
                self.strategy.on_candle(self, series.candle)
        elif timer:
            self._armed.discard(timer)
            if self._timers.pop(timer, None) is not None:
                self.strategy.on_timer(self, timer)
        else:
            self._visit_tick(point)

    def _visit_tick(self, point: Point) -> None:
        tick = point[2].ticks[point[0] & _ROW_MASK]
        flags, at_ns, bid = int(tick["flags"]), int(tick["event_ns"]), float(tick["price"])
        trade = not flags & QUOTE
        size = float(tick["size"]) if trade or flags & (FROM_CANDLE | BUYER | SELLER) else 0.0
        for timeframe, forming in self._forming.items():
            if not forming.begun:
                forming.session_ns = self.spec.session_at(at_ns)
                span = timeframe * 1_000_000_000
                forming.start_ns = forming.session_ns + (at_ns - forming.session_ns) // span * span
            forming.add(bid, size)
            series = self._series[timeframe]
            series.provisional = forming.peek(series.study)
        self._last_price = bid
        ask = bid if trade else float(tick["ask"])
        self.strategy.on_tick(self, TickView(at_ns, bid, ask, float(tick["size"])))

    def _ask(self, upto: int) -> None:
        if not self._waiting:
            self._waiting = True
            self.out.append(Advance(self.spec.run_id, self.spec.account_id, self.spec.instrument.number, upto))

    def _take(self) -> list[Out]:
        out, self.out = self.out, []
        return out

    # --- the strategy's `Context`

    @property
    def now_ns(self) -> int:
        place, _, piece, _, at_ns, _ = self._now
        return at_ns if piece.offset < 0 else int(piece.ticks[place & _ROW_MASK]["event_ns"])

    @property
    def price(self) -> float:
        series = self._now[3]
        return self._last_price if series is None else float(series.columns["close"][series.at])

    @property
    def position(self) -> float:
        return float(self.qty)

    @property
    def entry_price(self) -> float:
        return float(self.avg_price)

    def buy(self, qty: float | None = None, **wish: Any) -> str:
        return self._signal(Side.BUY, qty, **wish)

    def sell(self, qty: float | None = None, **wish: Any) -> str:
        return self._signal(Side.SELL, qty, **wish)

    def close(self, tag: str = "close") -> str | None:
        if self.qty == 0:
            return None
        side = Side.SELL if self.qty > 0 else Side.BUY
        return self._signal(side, float(abs(self.qty)), exit=True, tag=tag)

    def _signal(
        self,
        side: Side,
        qty: float | None,
        *,
        limit: float | None = None,
        stop: float | None = None,
        exit: bool = False,
        oco: str = "",
        tag: str = "",
        cash_fraction: float | None = None,
    ) -> str:
        kind = {
            (False, False): OrderType.MARKET,
            (True, False): OrderType.LIMIT,
            (True, True): OrderType.SL,
            (False, True): OrderType.SL_M,
        }[(limit is not None, stop is not None)]
        self.sequence += 1
        place, rank = self._now[:2]
        signal = Signal(
            run_id=self.spec.run_id,
            account_id=self.spec.account_id,
            instrument=self.spec.instrument.number,
            sequence=self.sequence,
            at_ns=self.now_ns,
            tape_at=place,
            side=side,
            order_type=kind,
            mark=decimal_price(self.price),
            qty=None if qty is None else Decimal(repr(float(qty))),
            limit_price=self._on_grid(limit),
            trigger_price=self._on_grid(stop),
            exit=exit,
            oco=f"{self.spec.run_id}-{self.spec.instrument.number}-{oco}" if oco else "",
            tag=tag,
            cash_fraction=None if cash_fraction is None else Decimal(repr(float(cash_fraction))),
            provisional=rank == _AFTER_TIMERS,
        )
        if not self.orders:
            self._matched = max(self._matched, place)
        self.orders[signal.client_order_id] = tag
        self.out.append(signal)
        return signal.client_order_id

    def _on_grid(self, price: float | None) -> Decimal | None:
        if price is None:
            return None
        if not (math.isfinite(price) and price > 0):
            raise BadData(f"a strategy asked for the price {price}", run_id=self.spec.run_id)
        tick = self.spec.instrument.tick_size
        return (decimal_price(price) / tick).to_integral_value(ROUND_HALF_EVEN) * tick

    def cancel(self, client_order_id: str) -> None:
        if client_order_id in self.orders:
            spec, place = self.spec, self._now[0]
            self.out.append(
                CancelWanted(spec.account_id, client_order_id, self.now_ns, place, spec.instrument.number, spec.run_id)
            )

    def cancel_all(self) -> None:
        for client_order_id in list(self.orders):
            self.cancel(client_order_id)

    def timer(self, at_ns: int, name: str) -> None:
        waiting = self._points[self._next :]
        if name in self._armed:
            self._points[self._next :] = [point for point in waiting if point[5] != name]
            self._armed.discard(name)
        self._timers[name] = at_ns
        pieces = {piece.offset: piece for _, _, piece, *_ in (self._now, *waiting) if piece.offset >= 0}
        for offset in sorted(pieces):
            first = (self._now[0] & _ROW_MASK) + 1 if offset == self._now[2].offset else 0
            due = self._timer_point(pieces[offset], name, at_ns, first)
            if due is not None:
                insort(self._points, due, lo=self._next, key=_ORDER)
                return

    def window(self, name: str) -> tuple[int, int] | None:
        return self.spec.window(name, self.now_ns)

    def close_before(self, at_ns: int) -> Decimal | None:
        """Close of the last candle of the run's timeframe that ended by this instant, among those told."""
        series = self._series[self.timeframe]
        ends = series.columns["end_ns"]
        index = bisect_left(ends, at_ns + 1, 0, series.at + 1) - 1
        return decimal_price(series.columns["close"][index]) if index >= 0 else None

    # --- kept over a restart

    def save(self) -> bytes:
        """All that a restart needs, as of `done`. Only meaningful when every point fed has been decided."""
        return json.dumps(
            {
                "version": 1,
                "state": self.strategy.state,
                "sequence": self.sequence,
                "qty": str(self.qty),
                "avg_price": str(self.avg_price),
                "orders": self.orders,
                "booked": sorted(self._booked),
                "timers": self._timers,
                "last_price": None if math.isnan(self._last_price) else self._last_price,
                "series": {
                    str(timeframe): [series.indicators, base64.b64encode(series.study.save()).decode(), series.tail()]
                    for timeframe, series in self._series.items()
                },
            }
        ).encode()

    def restore(self, blob: bytes) -> None:
        """Stand again where `save` was called. Raises BadData for a blob of another version or other indicators."""
        saved = json.loads(blob)
        if saved.get("version") != 1:
            raise BadData("a strategy's saved state is of a version this program does not read")
        for timeframe, (indicators, study, tail) in saved["series"].items():
            series = self._series.get(int(timeframe))
            if series is None or series.indicators != indicators:
                raise BadData("a strategy's saved state has other indicators than it uses now")
            series.restore(tail, base64.b64decode(study))
        self.strategy.state = saved["state"]
        self.sequence, self.orders, self._timers = saved["sequence"], saved["orders"], saved["timers"]
        self._booked = set(saved["booked"])
        self.qty, self.avg_price = Decimal(saved["qty"]), Decimal(saved["avg_price"])
        self._last_price = math.nan if saved["last_price"] is None else saved["last_price"]


_NOTHING: TickArray = np.zeros(0, [("event_ns", "<i8")])


class _Late:
    """A line handed out in setup, before the series it reads exists."""

    def __init__(self, timeframe: int, text: str, output: str | None) -> None:
        self.timeframe, self.text, self.output = timeframe, text, output
        self.reading: Reading

    @property
    def now(self) -> float:
        return self.reading.now

    def ago(self, candles: int) -> float:
        return self.reading.ago(candles)


class _Wishes:
    """`Setup` of the strategy contract: writes down what is asked for."""

    def __init__(self, timeframe: int) -> None:
        self.timeframe = timeframe
        self.told: set[int] = set()
        self.indicators: list[tuple[int, str]] = []
        self.lines: list[_Late] = []

    def indicator(self, text: str, *, timeframe: int | None = None, output: str | None = None) -> _Late:
        late = _Late(timeframe or self.timeframe, text, output)
        self.indicators.append((late.timeframe, text))
        self.lines.append(late)
        return late

    def candles(self, timeframe: int) -> None:
        self.told.add(timeframe)


def lane_view(lane: Lane) -> Mapping[str, Any]:
    """What a page shows of a lane: position, orders out, saved state."""
    return {"qty": lane.qty, "avg_price": lane.avg_price, "orders": dict(lane.orders), **lane.strategy.state}
