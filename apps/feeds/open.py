"""One door to all feeds, by kind."""

from __future__ import annotations

from typing import Any

from apps.domain.errors import BadInput
from apps.feeds.replay import ReplayFeed
from apps.feeds.synthetic import SyntheticFeed


def feed_open(kind: str, *arguments: Any, **options: Any) -> ReplayFeed | SyntheticFeed:
    """feed_open("replay", path, instrument, ...) or feed_open("synthetic", {number: spec}, ...).

    Options are those of ReplayFeed and SyntheticFeed. Raises BadInput for another kind.
    """
    if kind == ReplayFeed.kind:
        return ReplayFeed(*arguments, **options)
    if kind == SyntheticFeed.kind:
        return SyntheticFeed(*arguments, **options)
    raise BadInput(f"no feed is of kind {kind!r}: replay or synthetic", field="kind", value=kind)
