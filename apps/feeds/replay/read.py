"""A file to columns: fast where every field parses, field by field where one does not."""

from __future__ import annotations

import gzip
import re
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute
import pyarrow.csv
import pyarrow.parquet
from numpy.typing import NDArray

from apps.domain.errors import BadData, BadInput
from apps.domain.sessions.table import FIRST_NS, LAST_NS
from apps.feeds.replay.forms import Form, form_recognise

_NULLS: Final = ("", "nan", "NaN", "NAN", "null", "NULL", "None", "NA", "N/A")
_FIRST, _LAST = pd.Timestamp(FIRST_NS), pd.Timestamp(LAST_NS)
_DATED: Final = re.compile(r"\d{4}-\d\d-\d\d")
_ZONED: Final = r"(?:[Zz]|\d[+-]\d\d:?\d\d)$"
_NO_TIME: Final = "1970-01-01T00:00:00Z"  # the form assumed when no row has a time
_FIRST_LINE: Final = 2  # the header is line 1


@dataclass(slots=True)
class Columns:
    """The rows of a file that have the right number of fields.

    `lines`: their row numbers as a person counts them. `time_ns`: start or instant, ns UTC; of a daily
    file (`daily`) midnight UTC of the date. `unparsable`: line -> reason, of whole rows and of fields.
    A number that is missing is NaN.
    """

    form: Form
    lines: NDArray[np.int64]
    time_ns: NDArray[np.int64]
    numbers: dict[str, NDArray[np.float64]]
    texts: dict[str, NDArray[np.object_]]
    daily: bool
    rows: int
    unparsable: dict[int, str] = field(default_factory=dict)


def columns_read(path: Path, zone: str | None = None) -> Columns:
    """All columns of a CSV, CSV.gz or Parquet file. `zone`: what wall times without a zone are in.

    Raises BadInput when the file is missing or its times need a zone, BadData when it is empty, cut off
    or of no known form.
    """
    if not path.is_file():
        raise BadInput(f"there is no file {path}", field="path")
    if path.suffix in (".parquet", ".pq"):
        return _from_parquet(path, zone)
    return _from_csv(path, zone)


def _from_parquet(path: Path, zone: str | None) -> Columns:
    try:
        table = pa.parquet.read_table(path)
    except (pa.ArrowException, OSError) as error:
        raise BadData(f"{path} cannot be read as Parquet: {error}") from None
    form = form_recognise(table.column_names, str(path))
    _some_rows(table.num_rows, path)
    return _columns(form, table, np.arange(1, table.num_rows + 1), table.num_rows, {}, path, zone)


def _from_csv(path: Path, zone: str | None) -> Columns:
    text = _unpacked(path)
    head = text[: text.find(b"\n") if b"\n" in text else len(text)].decode("utf-8-sig", "replace").strip()
    if not head:
        raise BadData(f"{path} is empty" if not text.strip() else f"{path} has no header in its first line")
    form = form_recognise([name.strip().strip('"') for name in head.split(",")], str(path))
    try:
        table = _table(text, form, strict=True)
        broken: dict[int, str] = {}
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        broken = {}
        table = _table(text, form, strict=False, broken=broken)
    rows = table.num_rows + len(broken)
    _some_rows(rows, path)
    lines = np.arange(_FIRST_LINE, _FIRST_LINE + rows)
    if broken:
        lines = np.setdiff1d(lines, np.fromiter(broken, np.int64))
    return _columns(form, table, lines, rows, broken, path, zone)


def _unpacked(path: Path) -> bytes:
    raw = path.read_bytes()
    if not raw.startswith(b"\x1f\x8b"):
        return raw
    try:
        return gzip.decompress(raw)
    except (EOFError, OSError, zlib.error) as error:
        raise BadData(f"{path} is a damaged or cut-off gzip file: {error}") from None


def _some_rows(rows: int, path: Path) -> None:
    if not rows:
        raise BadData(f"{path} has a header and no rows")


def _table(text: bytes, form: Form, *, strict: bool, broken: dict[int, str] | None = None) -> pa.Table:
    """The CSV as Arrow. Strict: numbers become numbers and any bad row raises; otherwise all stay text
    and rows with a wrong number of fields are noted in `broken`."""

    def note(row: Any) -> str:
        assert broken is not None and row.number is not None
        broken[row.number] = f"{row.actual_columns} fields where the header has {row.expected_columns}"
        return "skip"

    numbers = set(form.numbers.values()) if strict else set()
    types = {name: pa.float64() if name in numbers else pa.string() for name in form.columns}
    return pa.csv.read_csv(
        pa.BufferReader(text),
        read_options=pa.csv.ReadOptions(use_threads=strict, skip_rows=1, column_names=list(form.columns)),
        parse_options=pa.csv.ParseOptions(
            quote_char=False,  # a stray quote must not swallow the rows after it
            ignore_empty_lines=False,
            invalid_row_handler=None if strict else note,
        ),
        convert_options=pa.csv.ConvertOptions(column_types=types, null_values=list(_NULLS), strings_can_be_null=True),
    )  # fmt: skip


def _columns(
    form: Form,
    table: pa.Table,
    lines: NDArray[np.int64],
    rows: int,
    broken: dict[int, str],
    path: Path,
    zone: str | None,
) -> Columns:
    found = Columns(form, lines, np.empty(0, np.int64), {}, {}, False, rows, dict(broken))
    if len(lines):
        found.time_ns, found.daily = _times(table[form.time], found, path, zone)
    for name, column in form.numbers.items():
        found.numbers[name] = _floats(name, table[column], found)
    for name, column in form.texts.items():
        found.texts[name] = table[column].to_pandas().to_numpy(dtype=object)
    return found


def _floats(name: str, column: pa.ChunkedArray, found: Columns) -> NDArray[np.float64]:
    values: NDArray[np.float64]
    if not pa.types.is_string(column.type):
        values = column.cast(pa.float64()).to_pandas().to_numpy(np.float64, copy=True)
        return values
    texts = _bare(column)
    values = pd.to_numeric(texts, errors="coerce").to_numpy(np.float64, copy=True)
    for i in np.flatnonzero(np.isnan(values) & texts.notna().to_numpy() & ~texts.isin(_NULLS).to_numpy()):
        found.unparsable.setdefault(int(found.lines[i]), f"{name} is {texts.iloc[i]!r}")
    return values


def _times(column: pa.ChunkedArray, found: Columns, path: Path, zone: str | None) -> tuple[NDArray[np.int64], bool]:
    """ns UTC of every row (unreadable ones are noted and 0) and whether the file has a date a row."""
    texts = None
    if pa.types.is_string(column.type):
        texts = column.to_pandas()
        sample = next((text.strip(' "') for text in texts if isinstance(text, str) and _DATED.search(text)), _NO_TIME)
        daily = len(sample) == len("2024-01-31")
        stamps = _stamps(column, naive=daily or not re.search(_ZONED, sample))
    elif pa.types.is_date(column.type):
        daily, stamps = True, pd.DatetimeIndex(pd.to_datetime(column.to_pandas()))
    else:
        daily, stamps = False, pd.DatetimeIndex(column.to_pandas())
    if stamps.tz is None and not daily:
        if zone is None:
            raise BadInput(f"the times in {path} name no zone: say which zone they are in", field="zone")
        stamps = stamps.tz_localize(zone, ambiguous="NaT", nonexistent="NaT")
    if stamps.tz is not None:
        stamps = stamps.tz_convert("UTC").tz_localize(None)
    within = np.asarray((stamps >= _FIRST) & (stamps < _LAST))
    values = np.full(len(stamps), -1, np.int64)
    values[within] = stamps[within].as_unit("ns").to_numpy().astype("datetime64[ns]").view(np.int64)
    for i in np.flatnonzero(~within):
        shown = repr(texts.iloc[i]) if texts is not None else "missing or out of range"
        found.unparsable.setdefault(int(found.lines[i]), f"time is {shown}")
        values[i] = 0
    return values, daily


def _bare(column: pa.ChunkedArray) -> Any:
    """Texts without blanks and quotes around them."""
    return column.to_pandas().str.strip().str.replace(r'^"(.*)"$', r"\1", regex=True)


def _stamps(column: pa.ChunkedArray, *, naive: bool) -> pd.DatetimeIndex:
    """Parsed by Arrow when every text is in ISO form, one by one otherwise. NaT where it is no time, or
    where it names a zone and the file's others do not, or the other way round."""
    fits = pa.compute.ends_with(column, "Z")
    if naive or not pa.compute.all(fits).as_py():
        zoned = pa.compute.match_substring_regex(column, _ZONED)
        fits = pa.compute.invert(zoned) if naive else zoned
    kind = pa.timestamp("ns") if naive else pa.timestamp("ns", "UTC")
    try:
        if pa.compute.all(pa.compute.fill_null(fits, False)).as_py():
            return pd.DatetimeIndex(column.cast(kind).to_pandas())
    except pa.ArrowInvalid:
        pass
    texts = _bare(column)
    zoned = texts.str.contains(_ZONED, na=False)
    fitting = texts.where(~zoned if naive else zoned)
    return pd.DatetimeIndex(pd.to_datetime(fitting, format="ISO8601", errors="coerce", utc=not naive))
