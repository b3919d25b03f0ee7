"""What the made-up markets are like. None of these prices is a real one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from apps.domain.errors import BadInput
from apps.domain.sessions import CFD_INDEX, CFD_METAL, CRYPTO, FX, NSE, US_EQUITY, Calendar


@dataclass(frozen=True, slots=True)
class MarketSpec:
    """One synthetic market. `price`: where it wanders around; `step`, `decimals`: the price grid, in units of
    the last decimal (5 and 2: steps of 0.05). `vol`: a year's standard deviation of the log price.
    `spread`: in price steps when calm. `quoted`: bid/ask ticks, otherwise trades. `size`: the usual size of
    a trade or quote in units of `lot`. `rate`: ticks a second on average. `busy`: windows of the day that
    raise volatility and volume, beside the open and the close of sessions shorter than twelve hours.
    """

    symbol: str
    price: float
    decimals: int
    vol: float
    spread: float
    calendar: Calendar
    quoted: bool = True
    step: int = 1
    size: float = 10.0
    lot: float = 1.0
    rate: float = 5.0
    gap: float = 12.0  # standard deviation of a gap between sessions, in usual minutes
    busy: tuple[tuple[str, float], ...] = ()

    def __post_init__(self) -> None:
        if min(self.price, self.vol, self.spread, self.size, self.lot, self.rate, self.step) <= 0:
            raise BadInput(f"the numbers of synthetic market {self.symbol} must be above zero", field="spec")


_CITIES: Final = (("tokyo", 0.25), ("london", 0.7), ("new_york", 1.0))

MARKETS: Final[dict[str, MarketSpec]] = {
    spec.symbol: spec
    for spec in (
        MarketSpec("XAUUSD", 2400.0, 2, 0.16, 25, CFD_METAL, rate=8, size=50, busy=_CITIES),
        MarketSpec("EURUSD", 1.09, 5, 0.075, 8, FX, rate=6, size=1_000_000, lot=100_000, busy=_CITIES),
        MarketSpec("US30", 39_500.0, 1, 0.17, 18, CFD_INDEX, rate=8, size=5, busy=(("new_york", 1.6), ("london", 0.4))),
        MarketSpec("NIFTY", 22_400.0, 2, 0.15, 2, NSE, quoted=False, step=5, size=75, lot=75, rate=4),
        MarketSpec("INFY", 1570.0, 2, 0.27, 2, NSE, quoted=False, step=5, size=60, rate=4),
        MarketSpec("AAPL", 228.0, 2, 0.24, 2, US_EQUITY, quoted=False, size=100, rate=6),
        MarketSpec("RELIANCE", 2880.0, 2, 0.26, 2, NSE, quoted=False, step=5, size=40, rate=5),
        MarketSpec(
            "BTC-USD", 64_000.0, 2, 0.6, 100, CRYPTO, quoted=False, size=0.05, lot=0.0001, rate=10, busy=_CITIES
        ),
    )
}


def markets(symbols: Iterable[str] = tuple(MARKETS), *, around_the_clock: bool = False) -> list[MarketSpec]:
    """Specs by symbol. `around_the_clock`: as if no venue ever closed, for a demonstration at night.

    Raises BadInput for a symbol that has no spec.
    """
    chosen = list(symbols)
    unknown = [symbol for symbol in chosen if symbol not in MARKETS]
    if unknown:
        raise BadInput(f"no synthetic market is called {', '.join(unknown)}; there are {', '.join(MARKETS)}")
    specs = [MARKETS[symbol] for symbol in chosen]
    return [replace(spec, calendar=CRYPTO) for spec in specs] if around_the_clock else specs
