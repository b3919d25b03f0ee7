"""Demo people, instruments and running strategies. Run again, it adds what is missing and touches nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from apps.accounts.models import BrokerAccount, Role, User
from apps.accounts.services import account_grant, account_open, user_create
from apps.domain.timeframes import timeframe_parse
from apps.instruments.models import Instrument, Kind, Venue, Watchlist
from apps.instruments.services import instrument_create, watchlist_set
from apps.portfolio.models import FxRate
from apps.portfolio.services import rate_set
from apps.strategies.models import StrategyRun
from apps.strategies.services import run_create, run_start

PASSWORD = "velox-demo"  # noqa: S105 (printed on purpose; the command refuses to run in production)

VENUES = (
    ("OTC-FX", "Currencies over the counter", "America/New_York", "FX"),
    ("OTC-METAL", "Metal CFDs", "America/New_York", "CFD_METAL"),
    ("OTC-INDEX", "Index CFDs", "America/New_York", "CFD_INDEX"),
    ("NSE", "National Stock Exchange of India", "Asia/Kolkata", "NSE"),
    ("NASDAQ", "Nasdaq", "America/New_York", "US_EQUITY"),
    ("COINBASE", "Coinbase", "UTC", "CRYPTO"),
)

# symbol, name, kind, venue, currency, tick, lot
INSTRUMENTS = (
    ("XAUUSD", "Gold", Kind.CFD, "OTC-METAL", "USD", "0.001", "1"),
    ("EURUSD", "Euro / US dollar", Kind.FX, "OTC-FX", "USD", "0.00001", "1000"),
    ("US30", "US Wall Street 30", Kind.CFD, "OTC-INDEX", "USD", "0.1", "0.1"),
    ("NIFTY", "Nifty 50 index", Kind.INDEX, "NSE", "INR", "0.05", "75"),
    ("BTC-USD", "Bitcoin", Kind.CRYPTO, "COINBASE", "USD", "0.01", "0.0001"),
    ("RELIANCE", "Reliance Industries", Kind.EQUITY, "NSE", "INR", "0.10", "1"),
    ("INFY", "Infosys", Kind.EQUITY, "NSE", "INR", "0.10", "1"),
    ("AAPL", "Apple", Kind.EQUITY, "NASDAQ", "USD", "0.01", "1"),
)

PEOPLE = (
    ("admin", Role.ADMIN, "UTC"),
    ("maya", Role.TRADER, "America/New_York"),
    ("arjun", Role.TRADER, "Asia/Kolkata"),
    ("iris", Role.INVESTOR, "Europe/London"),
)

# owner, name, currency, cash
ACCOUNTS = (
    ("maya", "Global", "USD", "250000"),
    ("arjun", "India", "INR", "5000000"),
    ("arjun", "World", "USD", "100000"),
)

GRANTS = (("iris", "maya", "Global"), ("iris", "arjun", "India"))

WATCHLISTS = {
    "admin": [symbol for symbol, *_ in INSTRUMENTS],
    "maya": ["XAUUSD", "US30", "EURUSD", "BTC-USD", "AAPL"],
    "arjun": ["NIFTY", "RELIANCE", "INFY", "XAUUSD", "US30"],
    "iris": ["XAUUSD", "NIFTY"],
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """One run to be found running."""

    owner: str
    account: str
    name: str
    strategy: str
    symbols: tuple[str, ...]
    timeframe: str
    sizing: str
    params: dict[str, Any]


RUNS = (
    Wanted("maya", "Global", "Gold in the New York session", "session_trend", ("XAUUSD",), "5m", "units:20", {}),
    Wanted(
        "maya",
        "Global",
        "Dow in the New York session",
        "session_trend",
        ("US30",),
        "5m",
        "units:2",
        {"session": "new_york", "trend_timeframe": "1h", "breakout": 6},
    ),
    Wanted("maya", "Global", "Euro crosses", "ema_cross", ("EURUSD",), "1m", "units:50000", {"fast": 9, "slow": 21}),
    Wanted("maya", "Global", "Bitcoin, quick", "ema_cross", ("BTC-USD",), "5s", "units:0.2", {"fast": 5, "slow": 13}),
    Wanted("arjun", "India", "Large caps revert", "rsi_reversion", ("RELIANCE", "INFY"), "1m", "units:200", {}),
    Wanted("arjun", "India", "Nifty crosses", "ema_cross", ("NIFTY",), "1m", "units:75", {"fast": 9, "slow": 21}),
    Wanted("arjun", "World", "Gold trend, slow", "session_trend", ("XAUUSD",), "15m", "units:5", {"session": "london"}),
    Wanted("arjun", "World", "Breakouts", "donchian_breakout", ("US30", "BTC-USD"), "1m", "units:0.5", {}),
)


RATES = (("INR", "USD", "0.0119"), ("USD", "INR", "84.1"))  # about what they were when this was written


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.SETTINGS_MODULE.endswith(".prod"):
            raise CommandError("demo logins have known passwords; they are not made on production settings")
        with transaction.atomic():
            self._instruments()
            self._people()
            self._rates()
            self._runs()
        self.stdout.write(f"Demo logins, password {PASSWORD}:")
        for username, role, _ in PEOPLE:
            self.stdout.write(f"  {username:8} {role.label}")

    def _instruments(self) -> None:
        for code, name, zone, calendar in VENUES:
            Venue.objects.get_or_create(code=code, defaults={"name": name, "zone": zone, "calendar": calendar})
        for symbol, name, kind, venue, currency, tick, lot in INSTRUMENTS:
            if not Instrument.objects.filter(symbol=symbol).exists():
                instrument_create(
                    symbol=symbol,
                    name=name,
                    kind=kind,
                    venue=Venue.objects.get(code=venue),
                    currency=currency,
                    tick_size=Decimal(tick),
                    lot_size=Decimal(lot),
                )

    def _people(self) -> None:
        for username, role, zone in PEOPLE:
            if not User.objects.filter(username=username).exists():
                email = f"{username}@velox.example"
                user_create(username=username, email=email, password=PASSWORD, role=role, time_zone=zone)
        for owner, name, currency, cash in ACCOUNTS:
            if not BrokerAccount.objects.filter(owner__username=owner, name=name).exists():
                account_open(owner=_user(owner), name=name, currency=currency, starting_cash=Decimal(cash))
        for investor, owner, name in GRANTS:
            account_grant(account=_account(owner, name), investor=_user(investor))
        for owner, symbols in WATCHLISTS.items():
            if not Watchlist.objects.filter(owner__username=owner).exists():
                watchlist_set(actor=_user(owner), instruments=_numbers(symbols))

    def _rates(self) -> None:
        for currency, into, rate in RATES:
            if not FxRate.objects.filter(currency=currency, into=into).exists():
                rate_set(currency=currency, into=into, rate=Decimal(rate))

    def _runs(self) -> None:
        for wanted in RUNS:
            owner = _user(wanted.owner)
            if StrategyRun.objects.filter(owner=owner, name=wanted.name).exists():
                continue
            run = run_create(
                actor=owner,
                account_id=_account(wanted.owner, wanted.account).pk,
                name=wanted.name,
                strategy=wanted.strategy,
                instruments=_numbers(wanted.symbols),
                timeframe=timeframe_parse(wanted.timeframe),
                sizing=wanted.sizing,
                params=wanted.params,
            )
            run_start(actor=owner, run_id=run.pk)


def _user(username: str) -> User:
    return User.objects.get(username=username)


def _account(owner: str, name: str) -> BrokerAccount:
    return BrokerAccount.objects.get(owner__username=owner, name=name)


def _numbers(symbols: list[str] | tuple[str, ...]) -> list[int]:
    numbers = dict(Instrument.objects.filter(symbol__in=symbols).values_list("symbol", "number"))
    return [numbers[symbol] for symbol in symbols]
