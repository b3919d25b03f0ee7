"""The bus's report in the words of Prometheus."""

from __future__ import annotations

from apps.bus.kafka_metrics import exposition

REPORT = {
    "velox.ticks": {"published": 12, "messages": 10, "under_replicated": 1, "lag": {"aggregate": 3, 'a"b': 0}},
    "velox.fills": {"published": 0, "messages": 0, "under_replicated": 0, "lag": {}},
}


def test_each_metric_is_explained_once_and_each_topic_is_a_line() -> None:
    lines = exposition(REPORT).splitlines()
    assert lines[:4] == [
        "# HELP velox_bus_messages_total Messages ever published on the topic.",
        "# TYPE velox_bus_messages_total counter",
        'velox_bus_messages_total{topic="velox.fills"} 0',
        'velox_bus_messages_total{topic="velox.ticks"} 12',
    ]
    assert 'velox_bus_under_replicated_partitions{topic="velox.ticks"} 1' in lines
    assert 'velox_bus_lag_messages{topic="velox.ticks",group="aggregate"} 3' in lines


def test_quotes_in_a_label_cannot_end_it() -> None:
    assert 'group="a\\"b"} 0' in exposition(REPORT)
