"""Closed candles of one instrument and timeframe with their indicators, as a strategy reads them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from apps.domain.errors import BadInput
from apps.domain.frames import CandleArray
from apps.domain.indicators.registry import parse
from apps.domain.studies import Study

LOOKBACK = 1024
"""Closed candles that stay reachable through `Line.ago`."""

_FIELDS = ("start_ns", "end_ns", "open", "high", "low", "close", "volume")


class Series:
    """Columns of plain Python lists (a list item is read faster than an array's) and a cursor into them.

    `at` is the candle now being told. While a tick is told, `provisional` holds the forming candle's values.
    """

    def __init__(self, timeframe: int, indicators: Sequence[str] = ()) -> None:
        self.timeframe = timeframe
        self.indicators = list(indicators)
        self.study = Study(self.indicators)
        self.at = -1
        self.columns: dict[str, list[Any]] = {name: [] for name in _FIELDS}
        self.values: list[list[float]] = [[] for _ in self.study.labels]
        self.provisional: list[float] | None = None
        self._waiting: list[CandleArray] = []
        self.candle = Told(self)

    def __len__(self) -> int:
        return len(self.columns["close"])

    def extend(self, candles: CandleArray, commit: bool = True) -> None:
        """Take closed candles in. `commit=False`: their values come one by one, with `step`, because somebody
        looks inside the candles between them and must not see a later one's state."""
        for name, column in self.columns.items():
            column.extend(candles[name].tolist())
        if commit:
            self._commit(candles)
        else:
            self._waiting += [candles[i : i + 1] for i in range(len(candles))]

    def step(self) -> None:
        """Move the cursor to the next closed candle."""
        self.at += 1
        if self._waiting:
            self._commit(self._waiting.pop(0))

    def _commit(self, candles: CandleArray) -> None:
        final = self.study.close(candles)
        for position, column in enumerate(self.values):
            column.extend(final[:, position].tolist())

    def trim(self) -> None:
        """Forget what lies beyond LOOKBACK; only while nothing after `at` waits to be told."""
        extra = len(self) - LOOKBACK
        if extra > LOOKBACK:
            for column in (*self.columns.values(), *self.values):
                del column[:extra]
            self.at -= extra

    def tail(self) -> dict[str, Any]:
        """What a restart needs besides the study: the candles and values still reachable."""
        low = max(0, self.at + 1 - LOOKBACK)
        high = self.at + 1
        return {
            "columns": {name: column[low:high] for name, column in self.columns.items()},
            "values": [[None if math.isnan(v) else v for v in column[low:high]] for column in self.values],
        }

    def restore(self, tail: dict[str, Any], study: bytes) -> None:
        self.study.restore(study)
        self.columns = {name: list(tail["columns"][name]) for name in _FIELDS}
        for column, saved in zip(self.values, tail["values"], strict=True):
            column[:] = [math.nan if value is None else value for value in saved]
        self.at = len(self) - 1


class Reading:
    """`Line` of the strategy contract: one output of one indicator, at its series' cursor.

    Handed out in setup, bound once the series of its timeframe exists. Raises BadInput for an output
    the indicator does not have; without one named it is the first.
    """

    __slots__ = ("_column", "_series", "_values", "output", "text", "timeframe")

    def __init__(self, timeframe: int, text: str, output: str | None) -> None:
        request = parse(text)
        names = [each.name for each in request.spec.outputs]
        if output is not None and output not in names:
            raise BadInput(f"{text} has no output {output!r}; it has: {', '.join(names)}", field="output")
        self.timeframe, self.text = timeframe, str(request)
        self.output = names.index(output) if output else 0

    def bind(self, series: Series) -> None:
        self._series: Series = series
        self._column: int = series.study.columns[self.text].start + self.output
        self._values: list[float] = series.values[self._column]

    @property
    def now(self) -> float:
        series = self._series
        if series.provisional is not None:
            return series.provisional[self._column]
        return self._values[series.at] if series.at >= 0 else math.nan

    def ago(self, candles: int) -> float:
        at = self._series.at - candles
        return self._values[at] if at >= 0 else math.nan


class Told:
    """`CandleView` of the strategy contract: the candle under the series' cursor."""

    __slots__ = ("_columns", "_series", "timeframe")

    def __init__(self, series: Series) -> None:
        self._series, self.timeframe = series, series.timeframe

    def _read(self, name: str) -> Any:
        return self._series.columns[name][self._series.at]

    @property
    def start_ns(self) -> int:
        return int(self._read("start_ns"))

    @property
    def end_ns(self) -> int:
        return int(self._read("end_ns"))

    @property
    def open(self) -> float:
        return float(self._read("open"))

    @property
    def high(self) -> float:
        return float(self._read("high"))

    @property
    def low(self) -> float:
        return float(self._read("low"))

    @property
    def close(self) -> float:
        return float(self._read("close"))

    @property
    def volume(self) -> float:
        return float(self._read("volume"))


class Forming:
    """The forming candle of one series, followed tick by tick for strategies that look inside it."""

    __slots__ = ("close", "high", "low", "open", "session_ns", "start_ns", "volume")

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.open = self.high = self.low = self.close = math.nan
        self.volume, self.start_ns, self.session_ns = 0.0, 0, 0

    @property
    def begun(self) -> bool:
        return not math.isnan(self.open)

    def begin(self, at_ns: int, session_ns: int, timeframe: int) -> None:
        """Where the candle of a tick at `at_ns` starts: whole timeframes after the session's opening."""
        span = timeframe * 1_000_000_000
        self.session_ns = session_ns
        self.start_ns = session_ns + (at_ns - session_ns) // span * span

    def add(self, price: float, size: float) -> None:
        if not self.begun:
            self.open = self.high = self.low = price
        self.high, self.low, self.close = max(self.high, price), min(self.low, price), price
        self.volume += size

    def peek(self, study: Study) -> list[float]:
        values: list[float] = study.peek(
            self.open, self.high, self.low, self.close, self.volume, self.start_ns, self.session_ns
        ).tolist()
        return values
