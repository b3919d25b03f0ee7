"""What travels between the path and the open sockets: group names, message shapes, the price row.

The stages talk to the live processes through Channels groups only, so that both shapes (one process,
or many) work the same. A message on the layer is a small dict of plain values and ready-made JSON
bytes: whatever is told to many sockets is encoded once, where it is known.
"""

from __future__ import annotations

import asyncio
from typing import Final, TypedDict

import numpy as np

PRICES_GROUP: Final = "live.prices"
CHARTS_GROUP: Final = "live.charts"
STATUS_GROUP: Final = "live.status"
HUBS_GROUP: Final = "live.hubs"  # the stage calls every hub: say what you watch
STAGE_GROUP: Final = "live.stage"  # a hub tells the stage what its sockets watch

PRICE: Final = np.dtype(
    [
        ("instrument", "<u4"),
        ("bid", "<f8"),  # NaN where the venue never quoted
        ("ask", "<f8"),
        ("last", "<f8"),  # the trade, or the bid where a venue only quotes
        ("reference", "<f8"),  # what the day's change counts from; NaN until known
        ("event_ns", "<i8"),
    ]
)
"""One instrument's newest price, as the broadcast stage sends it to the hubs."""


def account_group(account_id: int) -> str:
    return f"live.account.{account_id}"


def runs_group(user_id: int) -> str:
    return f"live.runs.{user_id}"


def alerts_group(user_id: int) -> str:
    return f"live.alerts.{user_id}"


class PricesMessage(TypedDict):
    """`rows`: bytes of a PRICE array; newest row of each instrument that changed."""

    type: str
    rows: bytes


class EventMessage(TypedDict):
    """Something that must reach every watcher. `by` and `n`: the sender, and its count in this group from 1
    without gaps, so that a hub notices what the layer lost and takes a new snapshot."""

    type: str
    group: str
    kind: str
    body: bytes
    by: str
    n: int


class ChartMessage(TypedDict):
    """A chart's new rows. `final`: a closed candle is among them, so it may not be skipped.
    `kind`: "chart", or "snapshot" (the whole chart, for sockets that have just asked), or "error".
    `by` and `n`: the sender, and how many final updates of this chart it has sent, so that a hub notices a lost one."""

    type: str
    channel: str
    kind: str
    body: bytes
    final: bool
    by: str
    n: int


class ChartWish(TypedDict):
    """A chart somebody watches. `indicators`: text forms; `fresh`: somebody waits for a snapshot."""

    channel: str
    instrument: int
    timeframe: int
    indicators: list[str]
    fresh: bool


class WatchMessage(TypedDict):
    """What one hub's sockets watch. `prices`: it has none yet and wants all there are."""

    type: str
    hub: str
    charts: list[ChartWish]
    prices: bool


class HubLoop:
    """The event loop on which this process's sockets live, if it has any.

    The in-memory channel layer only works within one loop, so a stage's thread has to send on this one.
    """

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None

    def set(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def get(self) -> asyncio.AbstractEventLoop | None:
        """None while no live process runs here: nobody could be listening."""
        if self._loop is not None and self._loop.is_closed():
            self._loop = None
        return self._loop


hub_loop: Final = HubLoop()
