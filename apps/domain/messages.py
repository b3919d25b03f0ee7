"""What travels singly, where a decision is taken or money moves: frozen, with units said once.

An intent is a wish, an order a commitment, a fill a fact. Times are ns since 1970 UTC at the venue
(`*_ns`); money is Decimal. `tape_at` is the place on the instrument's tick tape at which something
was decided or happened (see `frames.tape_at`); it is what makes a replay equal the original.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from apps.domain.errors import BadData

ZERO = Decimal(0)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def utc(ns: int) -> datetime:
    """Aware UTC for ns since 1970; below a microsecond it is cut off."""
    return _EPOCH + timedelta(microseconds=ns // 1000)


def to_ns(at: datetime) -> int:
    """ns since 1970 for an aware datetime, exact to its microsecond."""
    delta = at - _EPOCH
    return ((delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds) * 1000


def decimal_price(price: float) -> Decimal:
    """The shortest decimal that reads back as this float: the text the venue sent."""
    return Decimal(repr(float(price)))


class Side(StrEnum):
    BUY = "buy"
    SELL = "sell"

    @property
    def sign(self) -> int:
        return 1 if self is Side.BUY else -1

    @property
    def opposite(self) -> Side:
        return Side.SELL if self is Side.BUY else Side.BUY


class OrderType(StrEnum):
    MARKET = "market"
    LIMIT = "limit"
    SL = "sl"  # stop-limit: becomes a limit order when the trigger trades
    SL_M = "sl_m"  # stop-market: becomes a market order when the trigger trades


class Validity(StrEnum):
    DAY = "day"
    IOC = "ioc"
    GTC = "gtc"


class Mode(StrEnum):
    """Stamped on every order when it is born and checked again where it would leave the house."""

    BACKTEST = "backtest"
    DRY_RUN = "dry_run"
    LIVE = "live"


@dataclass(frozen=True, slots=True)
class Instrument:
    """What is traded. `tick_size`, `lot_size`: steps of price and quantity; `multiplier`: money per point per unit."""

    number: int
    symbol: str
    calendar: str
    currency: str
    tick_size: Decimal
    lot_size: Decimal = Decimal(1)
    multiplier: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True)
class Tick:
    """One row of a TickFrame, for the edges and for reading. `price`: the trade, or the bid of a quote."""

    instrument: int
    event_ns: int
    seen_ns: int
    price: Decimal
    size: Decimal
    ask: Decimal | None = None

    def __post_init__(self) -> None:
        if self.price <= 0 or self.size < 0 or (self.ask is not None and self.ask < self.price):
            raise BadData(f"impossible tick on {self.instrument}: {self.price}/{self.ask} x {self.size}")


@dataclass(frozen=True, slots=True)
class Candle:
    """One closed candle [start_ns, end_ns). Floats: patterns are sought here, no money changes hands."""

    instrument: int
    timeframe: int
    start_ns: int
    end_ns: int
    open: float
    high: float
    low: float
    close: float
    volume: float


@dataclass(frozen=True, slots=True)
class Signal:
    """What a strategy wants. `qty` None leaves the size to the run's sizing rule.

    `sequence` counts the wishes of one run on one instrument from 1 without gaps, so that a replay
    makes the same ids and can create no second order. `mark`: the price the strategy saw.
    `exit`: only ever reduces the position. `oco`: orders of one group cancel each other when one fills.
    `cash_fraction`: size this share of free equity at the fill's price, whole lots (simulated venue only).
    """

    run_id: int
    account_id: int
    instrument: int
    sequence: int
    at_ns: int
    tape_at: int
    side: Side
    order_type: OrderType
    mark: Decimal
    qty: Decimal | None = None
    limit_price: Decimal | None = None
    trigger_price: Decimal | None = None
    validity: Validity = Validity.GTC
    exit: bool = False
    oco: str = ""
    tag: str = ""
    cash_fraction: Decimal | None = None
    provisional: bool = False

    @property
    def client_order_id(self) -> str:
        return f"r{self.run_id}-i{self.instrument}-{self.sequence}"


@dataclass(frozen=True, slots=True)
class CancelWanted:
    """A strategy or a person wants a working order gone."""

    account_id: int
    client_order_id: str
    at_ns: int
    tape_at: int
    instrument: int
    run_id: int | None = None


@dataclass(frozen=True, slots=True)
class Advance:
    """The strategy's word to the simulated venue: all I want up to `upto` is said, match that far.

    The venue stops at the first fill, so that the strategy can answer it before the next tick counts.
    Strategy and venue hand this baton to and fro; that is why live stages, whatever their delays,
    make the same fills as a backtest.
    """

    run_id: int
    account_id: int
    instrument: int
    upto: int


@dataclass(frozen=True, slots=True)
class Advanced:
    """The simulated venue's answer: everything up to `upto` is matched, its fills were sent before this."""

    run_id: int
    account_id: int
    instrument: int
    upto: int


@dataclass(frozen=True, slots=True)
class OrderIntent:
    """A sized wish in front of the risk door. `price`: the best guess of what it will trade at."""

    client_order_id: str
    account_id: int
    instrument: int
    side: Side
    qty: Decimal
    order_type: OrderType
    price: Decimal
    at_ns: int
    mode: Mode
    limit_price: Decimal | None = None
    trigger_price: Decimal | None = None
    validity: Validity = Validity.DAY
    exit: bool = False
    oco: str = ""
    tag: str = ""
    run_id: int | None = None
    tape_at: int = 0
    cash_fraction: Decimal | None = None


@dataclass(frozen=True, slots=True)
class NewOrder:
    """An order the risk door let through, on its way to a venue."""

    client_order_id: str
    account_id: int
    instrument: int
    side: Side
    qty: Decimal
    order_type: OrderType
    mode: Mode
    at_ns: int
    limit_price: Decimal | None = None
    trigger_price: Decimal | None = None
    validity: Validity = Validity.DAY
    exit: bool = False
    oco: str = ""
    tag: str = ""
    run_id: int | None = None
    tape_at: int = 0
    cash_fraction: Decimal | None = None


@dataclass(frozen=True, slots=True)
class CancelOrder:
    """Take this order off the venue."""

    client_order_id: str
    account_id: int
    instrument: int
    at_ns: int
    tape_at: int = 0
    run_id: int | None = None


@dataclass(frozen=True, slots=True)
class OrderChanged:
    """A step of an order's life other than a fill. `event` is a column of `orders.ROUTES`."""

    client_order_id: str
    account_id: int
    instrument: int
    event: str
    at_ns: int
    tape_at: int = 0
    run_id: int | None = None
    code: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Fill:
    """A trade that happened. `fee` in `currency`, positive where it costs; a `fill_id` is one trade's alone."""

    fill_id: str
    client_order_id: str
    account_id: int
    instrument: int
    side: Side
    qty: Decimal
    price: Decimal
    fee: Decimal
    currency: str
    at_ns: int
    tape_at: int = 0
    run_id: int | None = None
    maker: bool = False
    closes_order: bool = True  # False: a part fill, more may come

    def __post_init__(self) -> None:
        if self.qty <= 0 or self.price <= 0:
            raise BadData(f"impossible fill {self.fill_id}: {self.qty} at {self.price}")


@dataclass(frozen=True, slots=True)
class PositionChanged:
    """A position after a fill. `qty` signed; `avg_price` of what is open; `realised` since its first fill."""

    account_id: int
    instrument: int
    qty: Decimal
    avg_price: Decimal
    realised: Decimal
    at_ns: int
    fill_id: str
