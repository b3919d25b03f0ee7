"""`manage.py velox_backtest STRATEGY --data FILE`: one strategy over one recording, through the live engine."""

from __future__ import annotations

import json
import time
from argparse import ArgumentParser
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.backtests.instruments import instrument_for
from apps.backtests.report import outcome_as_dict, report_lines
from apps.domain.backtest import Backtest, Plan
from apps.domain.costs import costs_parse
from apps.domain.errors import VeloxError
from apps.domain.messages import Instrument
from apps.domain.risk import SAFE, RiskLimits
from apps.domain.sessions import CALENDARS, CRYPTO, Calendar, calendar_get
from apps.domain.sizing import sizing_parse
from apps.domain.strategies import STRATEGIES, Strategy, params_parse
from apps.domain.timeframes import timeframe_parse
from apps.domain.venue import VenueRules
from apps.feeds.replay.feed import BIG_FRAME_ROWS, ReplayFeed

NUMBER = 1


class Command(BaseCommand):
    help = "Run a strategy over a recording of ticks or candles and print trades, statistics and what each means."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("strategy", help=f"one of: {', '.join(STRATEGIES)}")
        parser.add_argument("--data", required=True, help="CSV, CSV.gz or Parquet of ticks, trades or candles")
        parser.add_argument("--instrument", help="symbol of a known instrument; default: guessed from the file's name")
        parser.add_argument("--timeframe", help="candles the strategy sees, e.g. 5m; default: the strategy's own")
        parser.add_argument("--param", action="append", default=[], metavar="k=v", help="a parameter; repeat as needed")
        parser.add_argument("--calendar", help=f"trading hours: {', '.join(CALENDARS)}; default: the instrument's")
        parser.add_argument("--zone", help="time zone of naive times in the file, e.g. Europe/Athens")
        parser.add_argument("--outside", default="drop", choices=("drop", "own"), help="ticks outside all sessions")
        parser.add_argument("--cash", default="100000", help="starting cash in the instrument's currency")
        parser.add_argument("--sizing", default="units:1", help="units:2, cash:10000, equity:25 or risk:1:150")
        parser.add_argument("--costs", default="none", help="none, percent:0.002, unit:1.5, maker_taker:-0.0001:0.0005")
        parser.add_argument("--limit-fill", default="touched", choices=("touched", "crossed"))
        parser.add_argument("--slippage", type=int, default=0, help="ticks a market order loses")
        parser.add_argument("--risk", default="none", choices=("none", "safe"), help="risk limits at the door")
        parser.add_argument("--finish", default="last", choices=("mark", "last", "open"), help="an open end position")
        parser.add_argument("--trades", type=int, default=20, help="how many trades to print; -1: all")
        parser.add_argument("--json", metavar="OUT", help="write everything that happened to this file")

    def handle(self, **options: Any) -> None:
        try:
            self._run(options)
        except VeloxError as error:
            raise CommandError(error.message) from error

    def _run(self, options: dict[str, Any]) -> None:
        strategy = _strategy(options["strategy"])
        path, zone = Path(options["data"]), options["zone"]
        calendar = calendar_get(options["calendar"]) if options["calendar"] else None
        feed = ReplayFeed(path, NUMBER, calendar=calendar or CRYPTO, frame_rows=BIG_FRAME_ROWS, zone=zone)
        instrument, origin = instrument_for(options["instrument"], path, feed.recording.ticks, NUMBER)
        if calendar is None:
            calendar = calendar_get(instrument.calendar)
            feed = ReplayFeed(path, NUMBER, calendar=calendar, frame_rows=BIG_FRAME_ROWS, zone=zone)
        plan = plan_from(strategy, instrument, calendar, options)
        run, started, total = Backtest(plan), time.perf_counter(), len(feed.recording.ticks)
        for ticks in feed.frames():
            run.feed(ticks)
            self._progress(run.engine.journal.ticks, total)
        outcome, seconds = run.outcome(), time.perf_counter() - started
        source = {
            "file": path.name,
            "kind": str(feed.recording.kind),
            "instrument": origin,
            "calendar": calendar.name,
            "report": feed.report.lines(),
        }
        self.stdout.write("\n".join(report_lines(outcome, source, options["trades"])))
        self.stdout.write(f"\n  took {seconds:.2f} s: {len(outcome.candles) / seconds:,.0f} candles/s")
        if options["json"]:
            document = outcome_as_dict(outcome, source)
            Path(options["json"]).write_text(json.dumps(document, indent=1), encoding="utf-8")
            self.stdout.write(f"  wrote {options['json']}")

    def _progress(self, done: int, total: int) -> None:
        if self.stderr.isatty() and total > BIG_FRAME_ROWS:
            self.stderr.write(f"\r  {done / total:4.0%} of {total:,} rows", ending="\n" if done >= total else "")
            self.stderr.flush()


def _strategy(key: str) -> type[Strategy]:
    if key not in STRATEGIES:
        raise CommandError(f"there is no strategy {key!r}; choose one of: {', '.join(STRATEGIES)}")
    return STRATEGIES[key]


def plan_from(strategy: type[Strategy], instrument: Instrument, calendar: Calendar, options: dict[str, Any]) -> Plan:
    """The options as a plan. Raises BadInput (or CommandError) that names the option to mend."""
    return Plan(
        strategy=strategy.key,
        instrument=instrument,
        calendar=calendar,
        timeframe=timeframe_parse(options["timeframe"] or strategy.default_timeframe),
        params=params_parse(strategy, dict(_pair(text) for text in options["param"])),
        cash=_cash(options["cash"]),
        currency=instrument.currency,
        sizing=sizing_parse(options["sizing"]),
        costs=costs_parse(options["costs"]),
        rules=VenueRules(limit_fill=options["limit_fill"], slippage_ticks=options["slippage"]),
        limits=SAFE if options["risk"] == "safe" else RiskLimits(),
        finish=options["finish"],
        outside=options["outside"],
    )


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise CommandError(f"--param wants name=value, not {text!r}")
    return name.strip(), value.strip()


def _cash(text: str) -> Decimal:
    try:
        cash = Decimal(text)
    except InvalidOperation:
        raise CommandError(f"--cash wants an amount, not {text!r}") from None
    if not (cash.is_finite() and cash > 0):
        raise CommandError(f"--cash must be more than nothing, not {text}")
    return cash
