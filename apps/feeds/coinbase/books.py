"""Coinbase Exchange's `level2` channel into recorded books.

The channel has no sequence number: delivery is guaranteed for as long as a connection lives, so every
connection lost is a hole and begins anew with a snapshot. Sizes are absolute; "0" takes a level away.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from apps.domain.books import ASK, BID, scaled
from apps.domain.depth_tape import DepthRecorder
from apps.domain.errors import BadData
from apps.feeds.depth import iso_ns, levels

_SIDES: Final = {"buy": BID, "sell": ASK}


class CoinbaseBooks:
    """Hand it every message of one connection; `recorders` by product id. Other channels' messages are passed over."""

    def __init__(self, recorders: Mapping[str, DepthRecorder]) -> None:
        self._recorders = recorders
        self._handlers: dict[str, Callable[[dict[str, Any], int], int]] = {
            "l2update": self._update,
            "snapshot": self._snapshot,
        }

    def on_message(self, message: dict[str, Any], seen_ns: int) -> int:
        """Take one message in; returns how many changes it brought. Raises BadData: then nothing of it was taken."""
        handler = self._handlers.get(message.get("type", ""))
        return handler(message, seen_ns) if handler is not None else 0

    def on_disconnect(self) -> None:
        """Whatever was sent meanwhile is missed, for every product."""
        for recorder in self._recorders.values():
            recorder.lost()

    def _snapshot(self, message: dict[str, Any], seen_ns: int) -> int:
        """The snapshot itself carries no time; it is dated when it reached us."""
        recorder = self._recorders.get(message["product_id"])
        if recorder is not None:
            bids, asks = levels(recorder.digits, message["bids"]), levels(recorder.digits, message["asks"])
            recorder.snapshot(bids, asks, seen_ns)
        return 0

    def _update(self, message: dict[str, Any], seen_ns: int) -> int:
        recorder = self._recorders.get(message["product_id"])
        if recorder is None:
            return 0
        digits = recorder.digits
        try:
            changes = [
                (_SIDES[side], scaled(price, digits.price), scaled(size, digits.size))
                for side, price, size in message["changes"]
            ]
            event_ns = iso_ns(message["time"])
        except (KeyError, ValueError, TypeError) as error:
            raise BadData(f"not a level2 update: {str(message)[:120]}") from error
        for side, price, size in changes:
            recorder.change(side, price, size, event_ns, seen_ns)
        return len(changes)
