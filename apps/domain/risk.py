"""The one risk door: an intent and what is known go in, a decision with every number it saw comes out.

Orders that reduce a position are never stopped by size or loss: one must always be able to get out.
Orders of the kill switch (`flatten`) are stopped by nothing but input that makes no sense.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from enum import StrEnum
from typing import Final, Protocol

from apps.domain.messages import ZERO, Instrument, Mode, NewOrder, OrderIntent, OrderType, Side
from apps.domain.sizing import Refusal

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


class Rule(Protocol):
    """One rule. It tells what it compared even when nothing is wrong; a refusal is (code, sentence)."""

    name: str

    def review(self, case: Case) -> tuple[Seen, Refusal | None]: ...


class PossibleInput:
    """Quantities, lots and prices a venue could take at all. The only rule that binds the kill switch."""

    name = "input"

    def review(self, case: Case) -> tuple[Seen, Refusal | None]:
        wrong = _impossible(case)
        return Seen(self.name, "possible", wrong or "possible"), Refusal(self.name, wrong) if wrong else None


def _impossible(case: Case) -> str:
    intent, instrument = case.intent, case.view.instrument
    needs_limit = intent.order_type in (OrderType.LIMIT, OrderType.SL)
    needs_trigger = intent.order_type in (OrderType.SL, OrderType.SL_M)
    if not intent.qty.is_finite() or intent.qty <= 0:
        return f"a quantity of {intent.qty} cannot be traded"
    if not intent.price.is_finite() or intent.price <= 0:
        return f"a price of {intent.price} cannot be traded"
    if intent.qty % instrument.lot_size and intent.qty != abs(case.view.position_qty):
        return f"{intent.qty} is not a whole number of lots of {instrument.lot_size}"
    if needs_limit != (intent.limit_price is not None) or needs_trigger != (intent.trigger_price is not None):
        return f"a {intent.order_type} order with limit {intent.limit_price} and trigger {intent.trigger_price}"
    if any(price is not None and price <= 0 for price in (intent.limit_price, intent.trigger_price)):
        return "limit and trigger prices are above zero"
    if (intent.exit or case.flatten) and not case.reducing:
        return f"an exit of {intent.qty} would not reduce a position of {case.view.position_qty}"
    return ""


class KillSwitch:
    """REDUCE_ONLY lets orders out of a position through, HALTED only what the switch itself sends."""

    name = "kill_switch"

    def review(self, case: Case) -> tuple[Seen, Refusal | None]:
        state = case.view.state
        seen = Seen(self.name, TradingState.TRADING, state)
        if state is TradingState.TRADING or (state is TradingState.REDUCE_ONLY and case.reducing):
            return seen, None
        allowed = "only orders that reduce a position" if state is TradingState.REDUCE_ONLY else "no orders"
        return seen, Refusal(self.name, f"trading is {state.replace('_', ' ')}: {allowed} may go out until re-armed")


class LiveSwitches:
    """A live order needs the installation's, the account's and the run's switch. All are off by default."""

    name = "live_switch"

    def review(self, case: Case) -> tuple[Seen, Refusal | None]:
        view = case.view
        if case.intent.mode is not Mode.LIVE:
            return Seen(self.name, "not live", case.intent.mode), None
        switches = {"installation": view.live_installation, "account": view.live_account, "run": view.live_run}
        off = ", ".join(name for name, on in switches.items() if not on)
        seen = Seen(self.name, "all on", f"off: {off}" if off else "all on")
        return seen, Refusal(self.name, f"live trading is switched off for: {off}") if off else None


class OrderSize:
    name = "order_qty"

    def review(self, case: Case) -> tuple[Seen, Refusal | None]:
        return _at_most(self.name, case.view.limits.max_order_qty, case.intent.qty, case.reducing, "order quantity")


class OrderNotional:
    name = "order_notional"

    def review(self, case: Case) -> tuple[Seen, Refusal | None]:
        return _at_most(self.name, case.view.limits.max_order_notional, case.notional, case.reducing, "order value")


class PositionSize:
    """The position as it would be once this and all working orders of its side are filled."""

    name = "position_qty"

    def review(self, case: Case) -> tuple[Seen, Refusal | None]:
        limit, seen = case.view.limits.max_position_qty, abs(case.position_after)
        return _at_most(self.name, limit, seen, case.reducing, "position after the order")


class PositionNotional:
    name = "position_notional"

    def review(self, case: Case) -> tuple[Seen, Refusal | None]:
        seen = abs(case.position_after) * case.notional / case.intent.qty if case.intent.qty else ZERO
        limit = case.view.limits.max_position_notional
        return _at_most(self.name, limit, seen, case.reducing, "position value after the order")


class DailyLoss:
    """Realised and unrealised since the day began; once it is reached only exits are left."""

    name = "daily_loss"

    def review(self, case: Case) -> tuple[Seen, Refusal | None]:
        view, limits = case.view, case.view.limits
        loss, allowed = -view.day_pnl, limits.max_daily_loss
        if limits.max_daily_loss_pct is not None:
            share = max(view.day_start_equity, ZERO) * limits.max_daily_loss_pct / 100
            allowed = share if allowed is None else min(allowed, share)
        seen = Seen(self.name, allowed, loss)
        if case.reducing or allowed is None or loss < allowed or loss <= 0:
            return seen, None
        return seen, Refusal(self.name, f"today's loss of {loss:.2f} has reached the limit of {allowed:.2f}")


class OrderRate:
    """Orders of this account to this exchange in the second that ends now, this one counted."""

    name = "orders_per_s"

    def review(self, case: Case) -> tuple[Seen, Refusal | None]:
        view, limit, since = case.view, case.view.limits.max_orders_per_s, case.intent.at_ns - SECOND
        count = 1 + sum(1 for recent in view.recent if recent.exchange == view.exchange and recent.at_ns > since)
        return _at_most(self.name, limit, count, False, "orders this second")


class StaleData:
    """Age of the instrument's last tick when the decision is taken; no tick at all is stale too."""

    name = "tick_age_s"

    def review(self, case: Case) -> tuple[Seen, Refusal | None]:
        limit, last = case.view.limits.max_tick_age_s, case.view.last_tick_ns
        if last is None:
            seen = Seen(self.name, limit, None)
            if limit is None or case.reducing:
                return seen, None
            return seen, Refusal(self.name, f"no price of {case.view.instrument.symbol} has been seen yet")
        age = Decimal(case.intent.at_ns - last) / SECOND
        return _at_most(self.name, limit, age, case.reducing, "seconds since the last tick")


class TradingHours:
    name = "trading_hours"

    def review(self, case: Case) -> tuple[Seen, Refusal | None]:
        if not case.view.limits.trading_hours_only:
            return Seen(self.name, None, None), None
        is_open = case.view.is_open(case.intent.at_ns)
        seen = Seen(self.name, "open", "open" if is_open else "closed")
        symbol = case.view.instrument.symbol
        return seen, None if is_open else Refusal(self.name, f"the market of {symbol} is closed at this hour")


class Duplicate:
    """The same order again within the window: a double click, a retried webhook, two copies of a strategy."""

    name = "duplicate"

    def review(self, case: Case) -> tuple[Seen, Refusal | None]:
        window, intent = case.view.limits.duplicate_window_s, case.intent
        if window is None or case.reducing:
            return Seen(self.name, window, None), None
        since, price = intent.at_ns - int(window * SECOND), intent.limit_price or intent.trigger_price
        same = (intent.instrument, intent.side, intent.qty, intent.order_type, price)
        count = sum(
            1
            for old in case.view.recent
            if old.at_ns > since and (old.instrument, old.side, old.qty, old.order_type, old.price) == same
        )
        refusal = Refusal(self.name, f"the same order went out less than {window} s ago") if count else None
        return Seen(self.name, window, count), refusal


class OpenOrders:
    name = "open_orders"

    def review(self, case: Case) -> tuple[Seen, Refusal | None]:
        count = case.view.open_orders + 1
        return _at_most(self.name, case.view.limits.max_open_orders, count, case.reducing, "open orders")


def _at_most(name: str, limit: Number, seen: Number, exempt: bool, what: str) -> tuple[Seen, Refusal | None]:
    compared = Seen(name, limit, seen)
    if limit is None or exempt or seen <= limit:  # type: ignore[operator]  # both are numbers here
        return compared, None
    return compared, Refusal(name, f"{what} would be {_plain(seen)}, the limit is {_plain(limit)}")


def _plain(number: Number) -> str:
    return f"{number.normalize():f}" if isinstance(number, Decimal) else str(number)


RULES: Final[tuple[Rule, ...]] = (
    PossibleInput(),
    KillSwitch(),
    LiveSwitches(),
    TradingHours(),
    StaleData(),
    DailyLoss(),
    OrderSize(),
    OrderNotional(),
    PositionSize(),
    PositionNotional(),
    OpenOrders(),
    OrderRate(),
    Duplicate(),
)


@dataclass(frozen=True, slots=True)
class Decision:
    """The door's answer. `order` None: refused, `code` is the first rule that said no. `numbers`: all that was seen."""

    order: NewOrder | None
    code: str
    reason: str
    numbers: tuple[Seen, ...]
    at_ns: int
    reducing: bool = False


ALLOWED: Final = "allowed"


class RiskDoor:
    """Puts an intent before every rule, in order; deterministic: the same intent and view, the same decision."""

    def __init__(self, rules: Sequence[Rule] = RULES) -> None:
        self.rules = rules

    def review(self, intent: OrderIntent, view: RiskView, flatten: bool = False) -> Decision:
        """`flatten`: sent by the kill switch itself, bound by possible input only (the rest is still recorded)."""
        case = _case(intent, view, flatten)
        numbers, first = [], None
        for rule in self.rules:
            seen, refusal = rule.review(case)
            numbers.append(seen)
            if refusal is not None and first is None and (not flatten or isinstance(rule, PossibleInput)):
                first = refusal
        if first is not None:
            return Decision(None, first.code, first.reason, tuple(numbers), intent.at_ns, case.reducing)
        return Decision(_order(intent), ALLOWED, "", tuple(numbers), intent.at_ns, case.reducing)


def reduces(intent: OrderIntent, view: RiskView) -> bool:
    """Would this only bring the position closer to zero, even after all that already works on its side?"""
    held = abs(view.position_qty) if view.position_qty * intent.side.sign < 0 else ZERO
    return intent.qty + (ZERO if intent.exit else view.working_qty) <= held


def _case(intent: OrderIntent, view: RiskView, flatten: bool) -> Case:
    return Case(
        intent=intent,
        view=view,
        reducing=reduces(replace(intent, exit=True) if flatten else intent, view),
        flatten=flatten,
        notional=intent.qty * intent.price * view.instrument.multiplier * view.rate,
        position_after=view.position_qty + intent.side.sign * (intent.qty + view.working_qty),
    )


def _order(intent: OrderIntent) -> NewOrder:
    return NewOrder(
        client_order_id=intent.client_order_id,
        account_id=intent.account_id,
        instrument=intent.instrument,
        side=intent.side,
        qty=intent.qty,
        order_type=intent.order_type,
        mode=intent.mode,
        at_ns=intent.at_ns,
        limit_price=intent.limit_price,
        trigger_price=intent.trigger_price,
        validity=intent.validity,
        exit=intent.exit,
        oco=intent.oco,
        tag=intent.tag,
        run_id=intent.run_id,
        tape_at=intent.tape_at,
        cash_fraction=intent.cash_fraction,
    )
