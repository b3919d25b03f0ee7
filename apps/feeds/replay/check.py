"""Rows that cannot be true: found, handled by a named policy, counted and reported by row number."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from apps.domain.errors import BadData, BadInput
from apps.feeds.replay.forms import ASKS, OHLC, Kind
from apps.feeds.replay.read import Columns

DROP, KEEP, REFUSE = "drop", "keep", "refuse"

DEFECTS: Final[dict[str, str]] = {
    "unparsable": DROP,  # a field that is no number or time, a row with too few or too many fields
    "nan": DROP,  # a price or size that is missing or infinite
    "negative": DROP,  # a price not above zero, a size below zero
    "crossed": DROP,  # an ask below the bid; an ask equal to the bid is fine
    "ohlc": KEEP,  # a high below or a low above the candle's other prices: vendors round
    "suspicious": KEEP,  # the vendor flagged it
    "duplicate": KEEP,  # equal in every field to a row of the same time: real trades do that
    "unsorted": DROP,  # the fewest rows without which times never run backwards; kept: moved to their place
}
"""Kind of defect -> default policy. A row is dropped under the first kind it shows, in this order; one that
is kept is noted under each.
Candles: a second one with the same start is a duplicate and dropped unless said otherwise."""

_CANNOT_KEEP: Final = ("unparsable", "nan")
SHOWN: Final = 20


@dataclass(slots=True)
class Finding:
    """One kind of defect. `first`: (row number, reason) of the first rows that show it."""

    policy: str
    count: int = 0
    first: list[tuple[int, str]] = field(default_factory=list)


@dataclass(slots=True)
class Report:
    """What became of a file's rows: `rows` = `kept` + `dropped`. Rows kept in spite of a defect are in `found` too."""

    path: str
    rows: int = 0
    kept: int = 0
    found: dict[str, Finding] = field(default_factory=dict)

    @property
    def dropped(self) -> int:
        return sum(finding.count for finding in self.found.values() if finding.policy == DROP)

    def lines(self) -> list[str]:
        """The report for a person, one sentence a line."""
        said = [f"{self.path}: {self.kept:,} of {self.rows:,} rows kept"]
        for kind, finding in self.found.items():
            where = ", ".join(f"{line} ({reason})" for line, reason in finding.first[:3])
            done = "dropped" if finding.policy == DROP else "kept"
            said.append(f"{finding.count:,} {kind} rows {done}; the first: row {where}")
        return said


def policies_for(kind: Kind, wanted: Mapping[str, str]) -> dict[str, str]:
    """The defaults of this kind of recording with `wanted` over them. Raises BadInput for an unknown word."""
    policies = dict(DEFECTS)
    if kind in (Kind.CANDLES, Kind.QUOTE_CANDLES):
        policies["duplicate"] = DROP
    for defect, policy in wanted.items():
        if defect not in DEFECTS or policy not in (DROP, KEEP, REFUSE):
            raise BadInput(f"{defect!r}: {policy!r} is no policy; kinds are {', '.join(DEFECTS)}", field="policies")
        if policy == KEEP and defect in _CANNOT_KEEP:
            raise BadInput(f"a row that is {defect} cannot be kept", field="policies")
        policies[defect] = policy
    return policies


def rows_check(columns: Columns, wanted: Mapping[str, str], path: str) -> tuple[NDArray[np.intp], Report]:
    """Indices of the rows that are kept, in order of time, and the report.

    Raises BadData naming file and row where a defect's policy is to refuse.
    """
    policies = policies_for(columns.form.kind, wanted)
    report = Report(path, columns.rows)
    alive = ~np.isin(columns.lines, np.fromiter(columns.unparsable, np.int64, len(columns.unparsable)))
    _note(report, "unparsable", policies, sorted(columns.unparsable.items()))
    for kind in DEFECTS:
        if kind in _FINDERS:
            bad = _FINDERS[kind](columns, alive) & alive
            where = np.flatnonzero(bad)
            shown = [(int(columns.lines[i]), _reason(kind, columns, i)) for i in where[:SHOWN]]
            _note(report, kind, policies, shown, len(where))
            if policies[kind] == DROP:
                alive &= ~bad
    kept = np.flatnonzero(alive)
    report.kept = len(kept)
    if policies["unsorted"] == KEEP:
        kept = kept[np.argsort(columns.time_ns[kept], kind="stable")]
    return kept, report


def _note(
    report: Report, kind: str, policies: dict[str, str], shown: list[tuple[int, str]], count: int | None = None
) -> None:
    if not shown:
        return
    if policies[kind] == REFUSE:
        line, reason = shown[0]
        raise BadData(f"{report.path}, row {line}: {kind}, {reason}", path=report.path, row=line, kind=kind)
    report.found[kind] = Finding(policies[kind], len(shown) if count is None else count, shown[:SHOWN])


def _reason(kind: str, columns: Columns, i: int) -> str:
    when = pd.Timestamp(int(columns.time_ns[i]), tz="UTC").isoformat()
    if kind in ("unsorted", "duplicate"):
        return f"time {when}"
    values = ", ".join(f"{name} {column[i]:g}" for name, column in columns.numbers.items())
    return f"{values} at {when}"


def _prices(columns: Columns) -> list[NDArray[np.float64]]:
    return [columns.numbers[name] for name in ("price", "ask", *OHLC, *ASKS) if name in columns.numbers]


def _sizes(columns: Columns) -> list[NDArray[np.float64]]:
    names = ("size", "bid_size", "ask_size", "volume")
    return [columns.numbers[name] for name in names if name in columns.numbers]


def _nan(columns: Columns, alive: NDArray[np.bool_]) -> NDArray[np.bool_]:
    bad = np.zeros(len(alive), np.bool_)
    for values in (*_prices(columns), *_sizes(columns)):
        bad |= ~np.isfinite(values)
    return bad


def _negative(columns: Columns, alive: NDArray[np.bool_]) -> NDArray[np.bool_]:
    bad = np.zeros(len(alive), np.bool_)
    for values in _prices(columns):
        bad |= values <= 0
    for values in _sizes(columns):
        bad |= values < 0
    return bad


def _crossed(columns: Columns, alive: NDArray[np.bool_]) -> NDArray[np.bool_]:
    numbers = columns.numbers
    pairs = [(name, ask) for name, ask in zip(("price", *OHLC), ("ask", *ASKS), strict=True) if ask in numbers]
    bad = np.zeros(len(alive), np.bool_)
    for bid, ask in pairs:
        bad |= numbers[ask] < numbers[bid]
    return bad


def _ohlc(columns: Columns, alive: NDArray[np.bool_]) -> NDArray[np.bool_]:
    bad = np.zeros(len(alive), np.bool_)
    for names in (OHLC, ASKS):
        if names[0] in columns.numbers:
            opens, highs, lows, closes = (columns.numbers[name] for name in names)
            bad |= (highs < np.maximum(opens, closes)) | (lows > np.minimum(opens, closes)) | (highs < lows)
    return bad


def _suspicious(columns: Columns, alive: NDArray[np.bool_]) -> NDArray[np.bool_]:
    flags = columns.texts.get("suspicious")
    if flags is None:
        return np.zeros(len(alive), np.bool_)
    return np.isin(flags.astype(str), ("1", "1.0", "true", "True"))


def _duplicate(columns: Columns, alive: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Looks only at rows that share their time with a neighbour in time."""
    rows = np.flatnonzero(alive)
    rows = rows[np.argsort(columns.time_ns[rows], kind="stable")]
    times = columns.time_ns[rows]
    same = times[1:] == times[:-1]
    rows = np.union1d(rows[1:][same], rows[:-1][same])
    frame: dict[str, Any] = {"time": columns.time_ns[rows]}
    if not columns.form.is_candles:
        frame |= {name: values[rows] for name, values in (columns.numbers | columns.texts).items()}
    bad = np.zeros(len(alive), np.bool_)
    bad[rows[pd.DataFrame(frame).duplicated().to_numpy()]] = True
    return bad


def _unsorted(columns: Columns, alive: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """All rows but a longest run of rows whose times never fall (patience sorting)."""
    rows = np.flatnonzero(alive)
    times = columns.time_ns[rows]
    bad = np.zeros(len(alive), np.bool_)
    if not (times[1:] < times[:-1]).any():
        return bad
    ends: list[int] = []  # smallest last time of a run of each length
    lengths = np.empty(len(times), np.int64)
    for i, at in enumerate(times.tolist()):
        lengths[i] = place = bisect_right(ends, at)
        ends[place : place + 1] = [at]
    bad[rows] = True
    want, limit = len(ends) - 1, None
    for i in range(len(times) - 1, -1, -1):
        if lengths[i] == want and (limit is None or times[i] <= limit):
            bad[rows[i]], limit, want = False, times[i], want - 1
    return bad


_FINDERS: Final = {
    "nan": _nan,
    "negative": _negative,
    "crossed": _crossed,
    "ohlc": _ohlc,
    "suspicious": _suspicious,
    "duplicate": _duplicate,
    "unsorted": _unsorted,
}
