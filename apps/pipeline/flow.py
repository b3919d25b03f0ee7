"""The path of a tick, as data. Workers, the README's table and a test are made from this one table."""

from __future__ import annotations

from dataclasses import dataclass

TICKS, CANDLES, SIGNALS, ORDERS, FILLS, POSITIONS = (
    "velox.ticks",
    "velox.candles",
    "velox.signals",
    "velox.orders",
    "velox.fills",
    "velox.positions",
)
DEAD_LETTERS = "velox.dead-letters"


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of the path. `reads`/`writes`: topics; `rule`: where its pure part lives."""

    name: str
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    rule: str
    does: str


FLOW: tuple[Stage, ...] = (
    Stage("ingest", (), (TICKS,), "domain.frames", "takes ticks from feeds, refuses what cannot be true"),
    Stage("aggregate", (TICKS,), (CANDLES,), "domain.candles", "builds candles of every timeframe"),
    Stage("decide", (CANDLES, POSITIONS), (SIGNALS,), "domain.lane", "runs the strategies"),
    Stage("guard", (SIGNALS,), (ORDERS,), "domain.risk", "sizes each wish and puts it through the one risk door"),
    Stage("route", (ORDERS, TICKS), (FILLS,), "domain.venue", "takes orders to a broker or the paper venue"),
    Stage("settle", (FILLS,), (POSITIONS,), "domain.positions", "books fills: order, position, ledger"),
    Stage("broadcast", (TICKS, CANDLES, ORDERS, POSITIONS), (), "domain.studies", "tells every open page and socket"),
)


def flow_markdown() -> str:
    """The table for README.md; a test keeps the two the same."""
    lines = ["| stage | reads → writes | its rule, pure | what it does |", "|---|---|---|---|"]
    for stage in FLOW:
        reads = " ".join(_short(topic) for topic in stage.reads) or "a feed"
        writes = " ".join(_short(topic) for topic in stage.writes) or "pages and sockets"
        rule = stage.rule.replace(".", "/") + ".py"
        lines.append(
            f"| [`{stage.name}`](apps/pipeline/stages/{stage.name}.py) | {reads} → {writes} "
            f"| [`{rule}`](apps/{rule}) | {stage.does} |"
        )
    return "\n".join(lines)


def _short(topic: str) -> str:
    return f"`{topic.removeprefix('velox.')}`"
