"""What the risk door looks at: limits stacked over scopes, trading states, and one intent's surroundings."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from decimal import Decimal
from enum import StrEnum
from typing import Final

from apps.domain.messages import ZERO, Instrument, OrderIntent, OrderType, Side

SECOND: Final = 1_000_000_000
Number = Decimal | int | float | str | None


class TradingState(StrEnum):
    TRADING = "trading"
    REDUCE_ONLY = "reduce_only"
    HALTED = "halted"


STRICTNESS: Final = {TradingState.TRADING: 0, TradingState.REDUCE_ONLY: 1, TradingState.HALTED: 2}


def strictest_state(*states: TradingState) -> TradingState:
    """What several scopes together allow."""
    return max(states, key=STRICTNESS.__getitem__, default=TradingState.TRADING)


@dataclass(frozen=True, slots=True)
class RiskLimits:
    """Limits of one scope; None says nothing. Money in the account's currency, quantities in units.

    Bare `RiskLimits()` says nothing at all; `SAFE` is what an installation starts with.
    """

    max_order_qty: Decimal | None = None
    max_order_notional: Decimal | None = None
    max_position_qty: Decimal | None = None
    max_position_notional: Decimal | None = None
    max_daily_loss: Decimal | None = None
    max_daily_loss_pct: Decimal | None = None  # of the equity the day began with
    max_orders_per_s: int | None = None  # per account and exchange
    max_tick_age_s: Decimal | None = None
    max_open_orders: int | None = None
    duplicate_window_s: Decimal | None = None  # a longer window is stricter
    trading_hours_only: bool | None = None


SAFE: Final = RiskLimits(
    max_order_notional=Decimal(1_000_000),
    max_position_notional=Decimal(2_000_000),
    max_daily_loss_pct=Decimal(10),
    max_orders_per_s=10,  # India's threshold for retail algorithms
    max_tick_age_s=Decimal(60),
    max_open_orders=200,
    duplicate_window_s=Decimal("0.5"),
    trading_hours_only=True,
)
_LARGER_IS_STRICTER: Final = frozenset({"duplicate_window_s", "trading_hours_only"})


def limits_stack(*scopes: RiskLimits) -> RiskLimits:
    """Installation, user, account, run, instrument: of each limit the strictest that anybody has set."""
    stacked = {}
    for name in (field.name for field in fields(RiskLimits)):
        said = [value for scope in scopes if (value := getattr(scope, name)) is not None]
        strictest = max if name in _LARGER_IS_STRICTER else min
        stacked[name] = strictest(said) if said else None
    return RiskLimits(**stacked)


@dataclass(frozen=True, slots=True)
class Recent:
    """An order the door let through a moment ago."""

    at_ns: int
    exchange: str
    instrument: int
    side: Side
    qty: Decimal
    order_type: OrderType
    price: Decimal | None  # limit or trigger; None for a market order
    reducing: bool = False


class RecentOrders:
    """Sliding window of one account's orders, oldest first; forgets what is older than `keep_s`."""

    def __init__(self, keep_s: int = 60) -> None:
        self._keep_ns, self._window = keep_s * SECOND, deque[Recent]()

    def add(self, recent: Recent) -> None:
        self._window.append(recent)
        while self._window and self._window[0].at_ns <= recent.at_ns - self._keep_ns:
            self._window.popleft()

    def since(self, at_ns: int) -> list[Recent]:
        """Orders later than `at_ns`."""
        return [recent for recent in self._window if recent.at_ns > at_ns]


@dataclass(frozen=True, slots=True)
class RiskView:
    """What the door looks at, gathered once per intent. Money in the account's currency.

    `rate`: account currency per unit of the instrument's. `working_qty`: units of working orders on the
    intent's side, exits left out (they can only reduce). `recent`: this account's orders of at least the last
    second and window. `is_open`: does the instrument's calendar trade at this ns. Everything live is off unless said.
    """

    instrument: Instrument
    limits: RiskLimits = SAFE
    exchange: str = ""
    position_qty: Decimal = ZERO
    working_qty: Decimal = ZERO
    rate: Decimal = Decimal(1)
    day_pnl: Decimal = ZERO
    day_start_equity: Decimal = ZERO
    open_orders: int = 0
    last_tick_ns: int | None = None
    recent: Sequence[Recent] = ()
    is_open: Callable[[int], bool] = lambda at_ns: True
    state: TradingState = TradingState.TRADING
    live_installation: bool = False
    live_account: bool = False
    live_run: bool = False  # a manual order brings True: the person is its own run


@dataclass(frozen=True, slots=True)
class Seen:
    """What one rule compared. `limit` None: nobody has set one."""

    rule: str
    limit: Number
    seen: Number


@dataclass(frozen=True, slots=True)
class Case:
    """One intent in front of the door, with what several rules ask about it worked out once."""

    intent: OrderIntent
    view: RiskView
    reducing: bool
    flatten: bool
    notional: Decimal
    position_after: Decimal
