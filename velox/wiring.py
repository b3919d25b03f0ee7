"""The composition root: what the settings name becomes objects here, and nowhere else."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from django.conf import settings

from apps.bus.memory import BusTape, MemoryBus
from apps.bus.topics import TOPICS
from apps.domain.candles import CandleBuilder
from apps.domain.errors import Misconfigured
from apps.domain.messages import Instrument
from apps.domain.ports import Clock, FeedPort, TapePort
from apps.domain.sessions import Calendar, calendar_get
from apps.domain.timeframes import TIMEFRAMES
from apps.domain.venue import PaperVenue
from apps.feeds.pacing import WallClock
from apps.pipeline.flow import FLOW
from apps.pipeline.host import StageHost, StageLike, WaitingBus
from apps.pipeline.stages.ingest import Ingest

HOSTED: Final = tuple(stage.name for stage in FLOW if stage.reads)  # ingest reads no topic: feeds drive it

HISTORY_DAYS: Final = 3.0  # of a synthetic market, so that the first chart is not empty


class System:
    """What one process is made of. A part is made when it is first asked for; tests hand in their own."""

    def __init__(self, bus: WaitingBus | None = None, clock: Clock | None = None) -> None:
        self.bus: WaitingBus = bus or _bus()
        self.clock: Clock = clock or WallClock()
        self._ingests: list[Ingest] = []
        self._host: StageHost | None = None

    # --- the trade's world

    @cached_property
    def instruments(self) -> dict[int, Instrument]:
        """Every instrument by its number."""
        from apps.instruments.selectors import instruments_for_domain

        return {instrument.number: instrument for instrument in instruments_for_domain()}

    @cached_property
    def calendars(self) -> dict[int, Calendar]:
        """Trading hours by instrument number."""
        return {number: calendar_get(instrument.calendar) for number, instrument in self.instruments.items()}

    @cached_property
    def candles(self) -> CandleBuilder:
        return CandleBuilder(self.calendars, list(TIMEFRAMES.values()))

    @cached_property
    def tape(self) -> TapePort:
        """The ticks by their place on the bus."""
        return BusTape(self.bus)

    @cached_property
    def venue(self) -> PaperVenue:
        return PaperVenue(self.instruments, day_end=self._day_end)

    def _day_end(self, number: int, ns: int) -> int | None:
        session = self.calendars[number].session_at(ns)
        return session.close_ns if session else None

    # --- the path

    def feeds(self) -> list[FeedPort]:
        """The files that DATA names, or the synthetic market where it names none."""
        named = [word.strip() for word in settings.MARKET_DATA_FILE.split(",") if word.strip()]
        return [self._replay(name) for name in named] or [self._synthetic()]

    def ingests(self) -> list[Ingest]:
        """Each feed on its way to the bus."""
        self._ingests = [Ingest(self.bus, feed) for feed in self.feeds()]
        return self._ingests

    def look_back(self, feeds: Sequence[FeedPort]) -> int:
        """Store the candles before now of feeds that know them, and let the forming ones begin whole.

        Returns how many were stored; those that were stored before are left alone.
        """
        from apps.marketdata.selectors import candles_last_ns
        from apps.marketdata.services import candles_store

        stored, known = 0, candles_last_ns()
        for feed in feeds:
            for ticks in getattr(feed, "history", lambda days: ())(HISTORY_DAYS):
                ticks.setflags(write=False)  # as off the bus: numba compiles for the one kind only
                closed = self.candles.add(ticks)
                stored += candles_store(closed[(closed["timeframe"] >= 60) & (closed["end_ns"] > known)])
        return stored

    def stages(self, names: Sequence[str] = ()) -> list[StageLike]:
        """The stages of these names, in the order of the path; all of them where none is named."""
        wanted = HOSTED if list(names) in ([], ["all"]) else tuple(names)
        unknown = [name for name in wanted if name not in HOSTED]
        if unknown:
            raise Misconfigured(f"VELOX_STAGES names {', '.join(unknown)}; there are {', '.join(HOSTED)}, all and none")
        return [getattr(self, f"_{name}")() for name in HOSTED if name in wanted]

    def stage_host(self, names: Sequence[str] = (), on_broken: Callable[[str], None] | None = None) -> StageHost:
        self._host = StageHost(self.bus, self.stages(names), on_broken=on_broken)
        return self._host

    def _aggregate(self) -> StageLike:
        from apps.marketdata.quotes import board
        from apps.marketdata.services import candles_store
        from apps.pipeline.stages.aggregate import Aggregate

        return Aggregate(self.bus, self.candles, board, candles_store)

    def _decide(self) -> StageLike:
        from apps.pipeline.roster import Roster
        from apps.pipeline.stages.decide import Decide

        return Decide(self.bus, self.tape, Roster(self))

    def _guard(self) -> StageLike:
        from apps.pipeline.stages.guard import Guard

        return Guard(self.bus)

    def _route(self) -> StageLike:
        from apps.execution.standing import paper_resting
        from apps.pipeline.stages.route import Route

        stage = Route(self.bus, self.venue, self.tape)
        stage.restore(paper_resting())
        return stage

    def _settle(self) -> StageLike:
        from apps.pipeline.stages.settle import Settle

        return Settle(self.bus)

    def _broadcast(self) -> StageLike:
        from channels.layers import get_channel_layer

        from apps.marketdata.selectors import candles_load
        from apps.pipeline.live_link import LiveLink, loop_for
        from apps.pipeline.stages.broadcast import Broadcast

        layer = get_channel_layer()
        builder = CandleBuilder(self.calendars, list(TIMEFRAMES.values()))
        builder.restore(self.candles.save())  # begins where looking back ended, as the stored candles do
        return Broadcast(
            LiveLink(layer, loop_for(layer)),
            builder,
            candles_load,
            symbols={number: instrument.symbol for number, instrument in self.instruments.items()},
            status=self._status,
        )

    def _status(self) -> dict[str, Any]:
        """What the status channel tells beside the broadcast stage's own counts."""
        return {
            "feeds": [ingest.as_dict() for ingest in self._ingests],
            "stages": self._host.health()["stages"] if self._host is not None else [],
        }

    # --- feeds

    def _synthetic(self) -> FeedPort:
        from apps.feeds.synthetic import MARKETS, SyntheticFeed

        made_up = {_plain(symbol): spec for symbol, spec in MARKETS.items()}
        known = {number: symbol_in(instrument.symbol, made_up) for number, instrument in self.instruments.items()}
        markets = {
            number: replace(made_up[symbol], calendar=self.calendars[number])
            for number, symbol in known.items()
            if symbol
        }
        if not markets:
            raise Misconfigured(
                "no instrument has a synthetic market: run manage.py velox_demo, or name a file in DATA"
            )
        return SyntheticFeed(markets, seed=settings.SYNTHETIC_SEED, clock=self.clock)

    def _replay(self, named: str) -> FeedPort:
        """`path`, whose name tells the instrument, or `SYMBOL=path`."""
        from apps.feeds.replay import ReplayFeed

        symbol, _, text = named.rpartition("=")
        path = Path(text).expanduser()
        by_symbol = {_plain(instrument.symbol): number for number, instrument in self.instruments.items()}
        found = symbol_in(symbol or path.name, by_symbol)
        if found is None:
            raise Misconfigured(
                f"DATA={named} does not say which instrument it holds: write DATA=SYMBOL={text}, with one of "
                + ", ".join(instrument.symbol for instrument in self.instruments.values())
            )
        number = by_symbol[found]
        return ReplayFeed(
            path, number, calendar=self.calendars[number], speed=settings.MARKET_DATA_SPEED, clock=self.clock
        )


def _plain(symbol: str) -> str:
    return re.sub(r"[^A-Z0-9]", "", symbol.upper())


def symbol_in(text: str, symbols: Iterable[str]) -> str | None:
    """The longest of these plain symbols that `text` holds, or None: `nifty-2024.csv` is about NIFTY."""
    plain = _plain(text)
    return max((symbol for symbol in symbols if symbol in plain), key=len, default=None)


def _bus() -> WaitingBus:
    if settings.BUS == "kafka":
        from apps.bus.kafka import KafkaBus

        return KafkaBus(",".join(settings.KAFKA_BROKERS))
    # One thread serves every stage of this process: more partitions would only cut its frames into smaller ones.
    return MemoryBus(replace(topic, partitions=1) for topic in TOPICS)


def bus_admin() -> Any:
    """The cluster behind the bus, for those who measure it without taking part."""
    from apps.bus.kafka_admin import KafkaAdmin

    return KafkaAdmin(
        {"bootstrap_servers": settings.KAFKA_BROKERS, "client_id": "velox-admin"},
        {topic.name: topic for topic in TOPICS},
        prefix="",
    )


_system: System | None = None
_making = threading.Lock()


def system() -> System:
    """The parts of this process, made once."""
    global _system
    with _making:
        if _system is None:
            _system = System()
        return _system


def system_set(made: System | None) -> None:
    """Use these parts from now on (None: make new ones when asked). For tests."""
    global _system
    with _making:
        _system = made
