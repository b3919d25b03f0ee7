"""The order book of one instrument: price levels and the size standing at each, exact.

Prices and sizes are integers, the venue's decimals without their point: `Digits(4, 2)` reads "14.7693" as
147693 and "27.51" as 2751. So a level is found by equality, nothing is ever rounded, and a checksum over
the venue's own digits can be computed.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from apps.domain.errors import BadData

BID: Final = 0
ASK: Final = 1

Level = tuple[int, int]
"""(price, size), both as integers."""


@dataclass(frozen=True, slots=True)
class Digits:
    """How many decimals the venue writes after the point of a price, and of a size."""

    price: int
    size: int

    def level(self, price: str, size: str) -> Level:
        """A level as the venue wrote it. Raises BadData for text that is no number or has more decimals."""
        return scaled(price, self.price), scaled(size, self.size)

    def price_of(self, price: int) -> Decimal:
        return Decimal(price).scaleb(-self.price)

    def size_of(self, size: int) -> Decimal:
        return Decimal(size).scaleb(-self.size)


def scaled(text: str, digits: int) -> int:
    """A plain decimal as an integer, its point moved `digits` to the right. Raises BadData where that is inexact."""
    whole, _, part = text.partition(".")
    if len(part) > digits:
        part, rest = part[:digits], part[digits:]
        if rest.strip("0"):
            raise BadData(f"{text} has more than {digits} decimals", text=text, digits=digits)
    written = whole + part.ljust(digits, "0")
    if not (whole and written.isdecimal()):
        raise BadData(f"{text!r} is not a plain decimal number")
    return int(written)


def digits_of(texts: Iterable[str]) -> int:
    """The most decimals any of these has, trailing zeros counted."""
    return max((len(text.partition(".")[2]) for text in texts), default=0)


class Half:
    """One side of a book. Prices are kept in order beside the sizes, so the best is there without a search."""

    __slots__ = ("_prices", "_sizes", "_worst_first")

    def __init__(self, side: int, levels: Iterable[Level] = ()) -> None:
        self._worst_first = side == BID  # ascending prices: the best bid is last, the best ask first
        self._sizes: dict[int, int] = {price: size for price, size in levels if size}
        self._prices = sorted(self._sizes)

    def set(self, price: int, size: int) -> None:
        """`size` now stands at this price; 0 removes the level, removing what is not there changes nothing."""
        if size:
            if price not in self._sizes:
                insort(self._prices, price)
            self._sizes[price] = size
        elif self._sizes.pop(price, None) is not None:
            del self._prices[bisect_left(self._prices, price)]

    @property
    def best(self) -> Level | None:
        if not self._prices:
            return None
        price = self._prices[-1] if self._worst_first else self._prices[0]
        return price, self._sizes[price]

    def top(self, count: int) -> list[Level]:
        """The `count` best levels, best first."""
        prices = self._prices[: -count - 1 : -1] if self._worst_first else self._prices[:count]
        return [(price, self._sizes[price]) for price in prices]

    @property
    def worst(self) -> int | None:
        """The price furthest from the other side."""
        if not self._prices:
            return None
        return self._prices[0] if self._worst_first else self._prices[-1]

    def size_at(self, price: int) -> int:
        return self._sizes.get(price, 0)

    def size_within(self, price: int) -> int:
        """Everything that stands at this price or better."""
        at = bisect_left(self._prices, price)
        better = self._prices[at:] if self._worst_first else self._prices[: bisect_left(self._prices, price + 1)]
        return sum(self._sizes[price] for price in better)

    @property
    def size_sum(self) -> int:
        return sum(self._sizes.values())

    def levels(self) -> list[Level]:
        """All levels, ascending prices."""
        return [(price, self._sizes[price]) for price in self._prices]

    def __len__(self) -> int:
        return len(self._prices)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Half) and self._sizes == other._sizes

    __hash__ = None  # type: ignore[assignment]


class Book:
    """Both sides. Sizes are absolute: an update says what stands at a price now, not what changed."""

    __slots__ = ("asks", "bids", "halves")

    def __init__(self, bids: Iterable[Level] = (), asks: Iterable[Level] = ()) -> None:
        self.bids, self.asks = Half(BID, bids), Half(ASK, asks)
        self.halves = (self.bids, self.asks)

    def set(self, side: int, price: int, size: int) -> None:
        self.halves[side].set(price, size)

    @property
    def is_crossed(self) -> bool:
        """A bid at or above an ask: true for a moment inside a message at most, or the book is wrong."""
        bid, ask = self.bids.best, self.asks.best
        return bid is not None and ask is not None and bid[0] >= ask[0]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Book) and self.bids == other.bids and self.asks == other.asks

    __hash__ = None  # type: ignore[assignment]
