"""The rules of the risk door, one small class each. A rule tells what it compared also when nothing is wrong."""

from __future__ import annotations

from decimal import Decimal
from typing import Final, Protocol

from apps.domain.messages import ZERO, Mode
from apps.domain.risk_view import SECOND, Case, Number, Seen, TradingState
from apps.domain.sizing import Refusal


class Rule(Protocol):
    """One rule. It tells what it compared even when nothing is wrong; a refusal is (code, sentence)."""

    name: str

    def review(self, case: Case) -> tuple[Seen, Refusal | None]: ...


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
