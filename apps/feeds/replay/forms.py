"""What a recording holds, recognised by the names of its columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from apps.domain.errors import BadData


class Kind(StrEnum):
    QUOTES = "quotes"  # bid and ask ticks
    TRADES = "trades"
    CANDLES = "candles"
    QUOTE_CANDLES = "quote candles"  # open..close are bids, and asks beside them


OHLC: Final = ("open", "high", "low", "close")
_BIDS: Final = tuple(f"bid_{name}" for name in OHLC)
ASKS: Final = tuple(f"ask_{name}" for name in OHLC)
_TIMES: Final = ("time", "timestamp", "datetime", "date", "")


@dataclass(frozen=True, slots=True)
class Form:
    """`time`: the column of time; `numbers`: our name of a number -> column; `texts`: the same for words.

    `columns` are all columns of the file, in its own spelling.
    """

    kind: Kind
    columns: tuple[str, ...]
    time: str
    numbers: dict[str, str]
    texts: dict[str, str]

    @property
    def is_candles(self) -> bool:
        return self.kind in (Kind.CANDLES, Kind.QUOTE_CANDLES)


_SHAPES: Final = (  # first match wins: kind, columns that must be there (ours, theirs), columns that may
    (Kind.QUOTE_CANDLES, dict(zip((*OHLC, *ASKS), (*OHLC, *ASKS), strict=True)), ("volume", "ask_size")),
    (Kind.QUOTE_CANDLES, dict(zip((*OHLC, *ASKS), (*_BIDS, *ASKS), strict=True)), ("volume", "ask_size")),
    (Kind.CANDLES, dict(zip(OHLC, OHLC, strict=True)), ("volume",)),
    (Kind.QUOTES, {"price": "bid", "ask": "ask"}, ("bid_size", "ask_size")),
    (Kind.TRADES, {"price": "price", "size": "size"}, ()),
)
_TEXTS: Final[tuple[str, ...]] = ("side", "trade_id", "exchange", "sale_condition", "suspicious")


def form_recognise(columns: Sequence[str], where: str) -> Form:
    """The form of a file with these columns. Raises BadData that names the columns when there is none."""
    found = {name.strip().lower(): name for name in columns}
    time = next((found[name] for name in _TIMES if name in found), None)
    if len(found) != len(columns) or time is None:
        raise BadData(f"{where} has no recording's header: {', '.join(columns)}", columns=list(columns))
    for kind, needed, extra in _SHAPES:
        if all(theirs in found for theirs in needed.values()):
            numbers = {ours: found[theirs] for ours, theirs in needed.items()}
            numbers |= {name: found[name] for name in extra if name in found}
            texts = {name: found[name] for name in _TEXTS if name in found} if kind is Kind.TRADES else {}
            return Form(kind, tuple(columns), time, numbers, texts)
    raise BadData(
        f"{where} is neither bid/ask ticks, trades (price, size) nor candles (open, high, low, close): "
        f"its columns are {', '.join(columns)}",
        columns=list(columns),
    )
