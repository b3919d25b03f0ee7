"""The bus as Prometheus sees it: its report as metrics in the text exposition format."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_METRICS: Final = (
    ("velox_bus_messages_total", "counter", "Messages ever published on the topic."),
    ("velox_bus_kept_messages", "gauge", "Messages the topic still keeps."),
    ("velox_bus_under_replicated_partitions", "gauge", "Partitions of the topic with a replica missing."),
    ("velox_bus_lag_messages", "gauge", "Messages a group has yet to commit."),
)


def exposition(report: Mapping[str, Mapping[str, Any]]) -> str:
    """`report`: what `KafkaAdmin.report()` gives. Topics and groups become labels."""
    values: dict[str, list[str]] = {name: [] for name, _, _ in _METRICS}
    for topic, row in sorted(report.items()):
        values["velox_bus_messages_total"].append(_line({"topic": topic}, row["published"]))
        values["velox_bus_kept_messages"].append(_line({"topic": topic}, row["messages"]))
        values["velox_bus_under_replicated_partitions"].append(_line({"topic": topic}, row["under_replicated"]))
        values["velox_bus_lag_messages"] += [
            _line({"topic": topic, "group": group}, lag) for group, lag in sorted(row["lag"].items())
        ]
    text = ""
    for name, kind, meaning in _METRICS:
        text += f"# HELP {name} {meaning}\n# TYPE {name} {kind}\n"
        text += "".join(f"{name}{line}\n" for line in values[name])
    return text


def _line(labels: Mapping[str, str], value: float) -> str:
    inside = ",".join(f'{name}="{_escaped(text)}"' for name, text in labels.items())
    return f"{{{inside}}} {value}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
