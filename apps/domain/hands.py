"""The strategy's hands: what it holds, what it has out, and every wish it utters, numbered."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, Final

from apps.domain.errors import BadData
from apps.domain.messages import (
    ZERO,
    Advance,
    CancelWanted,
    Fill,
    Instrument,
    OrderChanged,
    OrderType,
    Side,
    Signal,
    decimal_price,
)
from apps.domain.positions import average_after

Out = Signal | CancelWanted | Advance
OVER: Final = frozenset({"cancel", "expire", "reject", "deny"})
"""Steps other than a fill after which nothing more comes of an order."""
_TYPES: Final = {
    (False, False): OrderType.MARKET,
    (True, False): OrderType.LIMIT,
    (True, True): OrderType.SL,
    (False, True): OrderType.SL_M,
}


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


class Hands:
    """`Context` of the strategy contract. The lane moves `place`, `now_ns` and `price` before each callback."""

    def __init__(self, spec: LaneSpec, set_timer: Callable[[int, str], None], now: Callable[[], int]) -> None:
        self.spec, self.timeframe = spec, spec.timeframe
        self.orders: dict[str, str] = {}
        self.qty, self.avg_price = ZERO, ZERO
        self.sequence = 0
        self.out: list[Out] = []
        self.place = -1
        self.price = math.nan
        self.provisional = False
        self._booked: set[str] = set()  # fills of orders still out, so that one told twice counts once
        self._set_timer, self._now = set_timer, now

    @property
    def now_ns(self) -> int:
        return self._now()

    @property
    def position(self) -> float:
        return float(self.qty)

    @property
    def entry_price(self) -> float:
        return float(self.avg_price)

    def timer(self, at_ns: int, name: str) -> None:
        self._set_timer(at_ns, name)

    def window(self, name: str) -> tuple[int, int] | None:
        return self.spec.window(name, self.now_ns)

    # --- wishes

    def buy(self, qty: float | None = None, **wish: Any) -> str:
        return self._signal(Side.BUY, qty, **wish)

    def sell(self, qty: float | None = None, **wish: Any) -> str:
        return self._signal(Side.SELL, qty, **wish)

    def close(self, tag: str = "close") -> str | None:
        if self.qty == 0:
            return None
        side = Side.SELL if self.qty > 0 else Side.BUY
        return self._signal(side, float(abs(self.qty)), exit=True, tag=tag)

    def cancel(self, client_order_id: str) -> None:
        if client_order_id in self.orders:
            spec, number = self.spec, self.spec.instrument.number
            self.out.append(
                CancelWanted(spec.account_id, client_order_id, self.now_ns, self.place, number, spec.run_id)
            )

    def cancel_all(self) -> None:
        for client_order_id in list(self.orders):
            self.cancel(client_order_id)

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
        spec = self.spec
        self.sequence += 1
        signal = Signal(
            run_id=spec.run_id,
            account_id=spec.account_id,
            instrument=spec.instrument.number,
            sequence=self.sequence,
            at_ns=self.now_ns,
            tape_at=self.place,
            side=side,
            order_type=_TYPES[limit is not None, stop is not None],
            mark=decimal_price(self.price),
            qty=None if qty is None else Decimal(repr(float(qty))),
            limit_price=self._on_grid(limit),
            trigger_price=self._on_grid(stop),
            exit=exit,
            oco=f"{spec.run_id}-{spec.instrument.number}-{oco}" if oco else "",
            tag=tag,
            cash_fraction=None if cash_fraction is None else Decimal(repr(float(cash_fraction))),
            provisional=self.provisional,
        )
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

    # --- what became of them

    def book(self, event: Fill | OrderChanged) -> bool:
        """Take in news of one of our orders; True for a fill that was not known yet."""
        if event.client_order_id not in self.orders:
            return False
        if isinstance(event, OrderChanged):
            if event.event in OVER:
                self._done(event.client_order_id)
            return False
        if event.fill_id in self._booked:
            return False
        self._booked.add(event.fill_id)
        self.qty, self.avg_price = average_after(self.qty, self.avg_price, event.side.sign * event.qty, event.price)
        if event.closes_order:
            self._done(event.client_order_id)
        return True

    def _done(self, client_order_id: str) -> None:
        del self.orders[client_order_id]
        if not self.orders:
            self._booked.clear()

    # --- kept over a restart

    def saved(self) -> dict[str, Any]:
        return {
            "sequence": self.sequence,
            "qty": str(self.qty),
            "avg_price": str(self.avg_price),
            "orders": self.orders,
            "booked": sorted(self._booked),
            "price": None if math.isnan(self.price) else self.price,
        }

    def restore(self, saved: dict[str, Any]) -> None:
        self.sequence, self.orders, self._booked = saved["sequence"], saved["orders"], set(saved["booked"])
        self.qty, self.avg_price = Decimal(saved["qty"]), Decimal(saved["avg_price"])
        self.price = math.nan if saved["price"] is None else saved["price"]
