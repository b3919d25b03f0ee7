"""python -m tests.bench [name…]: measures, prints one table and writes build/bench.json.

Every `tests/bench/bench_<topic>.py` gives `rows()`: {name, value, unit, peer, peer_value, floor_value, ratio, note}.
`ratio` is our value against the floor where there is one, else against the peer; `note` says which way is good.
"""

from __future__ import annotations

import importlib
import json
import sys
import traceback
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
TARGET = HERE.parent.parent / "build" / "bench.json"
FIELDS = ("name", "value", "unit", "peer", "peer_value", "floor_value", "ratio")
COLUMNS = (*FIELDS, "note")


def topics(wanted: list[str]) -> list[str]:
    """The benches there are, or those of them that are wanted."""
    there = sorted(path.stem.removeprefix("bench_") for path in HERE.glob("bench_*.py"))
    unknown = [name for name in wanted if name not in there]
    if unknown:
        raise SystemExit(f"no bench is called {', '.join(unknown)}; there are {', '.join(there)}")
    return wanted or there


def measure(topic: str) -> list[dict[str, Any]]:
    """One bench's rows, with every field there."""
    found = importlib.import_module(f"tests.bench.bench_{topic}").rows()
    return [{**dict.fromkeys(FIELDS), **row} for row in found]


def text(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.4g}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def table(rows: list[dict[str, Any]]) -> str:
    cells = [[text(row.get(name)) if row.get(name) != "" else "" for name in COLUMNS] for row in rows]
    cells = [[name.replace("_", " ") for name in COLUMNS], *cells]
    widths = [max(len(row[i]) for row in cells) for i in range(len(COLUMNS))]
    return "\n".join("  ".join(map(_padded, row, widths, COLUMNS)).rstrip() for row in cells)


def _padded(cell: str, width: int, column: str) -> str:
    return cell.ljust(width) if column in ("name", "unit", "peer", "note") else cell.rjust(width)


def main(wanted: list[str]) -> int:
    rows: list[dict[str, Any]] = []
    failed: list[str] = []
    for topic in topics(wanted):
        print(f"measuring {topic} …", file=sys.stderr, flush=True)
        try:
            rows += measure(topic)
        except Exception:
            failed.append(topic)
            traceback.print_exc()
    print(table(rows))
    TARGET.parent.mkdir(exist_ok=True)
    kept = [] if not (wanted and TARGET.exists()) else json.loads(TARGET.read_text())
    fresh = {row["name"] for row in rows}
    TARGET.write_text(json.dumps([*(row for row in kept if row["name"] not in fresh), *rows], indent=1) + "\n")
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    import django

    from velox.env import default_settings

    default_settings("velox.settings.test")
    django.setup()
    sys.exit(main(sys.argv[1:]))
