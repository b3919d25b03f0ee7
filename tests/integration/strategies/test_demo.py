"""The demo makes a market worth looking at, once."""

from io import StringIO

import pytest
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command
from django.db.models import Model

from apps.accounts.models import BrokerAccount, Grant, User
from apps.accounts.selectors import account_list
from apps.domain.sessions import CALENDARS
from apps.execution.management.commands.velox_demo import PASSWORD, PEOPLE
from apps.instruments.models import Instrument, Venue, WatchlistEntry
from apps.strategies.models import RunState, StrategyRun
from apps.strategies.selectors import runs_wanted
from apps.strategies.services import run_stop

pytestmark = pytest.mark.django_db
MODELS: list[type[Model]] = [User, BrokerAccount, Grant, Venue, Instrument, WatchlistEntry, StrategyRun]


def demo() -> str:
    out = StringIO()
    call_command("velox_demo", stdout=out)
    return out.getvalue()


def test_it_says_the_logins_and_they_work():
    said = demo()
    for username, _, _ in PEOPLE:
        assert username in said
        assert authenticate(username=username, password=PASSWORD) is not None


def test_strategies_of_both_traders_are_wanted_running():
    demo()
    assert {run.owner.username for run in runs_wanted()} == {"maya", "arjun"}
    assert {run.strategy for run in runs_wanted()} >= {
        "ema_cross",
        "rsi_reversion",
        "donchian_breakout",
        "session_trend",
    }


def test_every_instrument_has_a_calendar_the_domain_knows():
    demo()
    assert set(Instrument.objects.values_list("calendar", flat=True)) <= set(CALENDARS)


def test_a_second_time_changes_nothing_and_starts_nothing_that_was_stopped():
    demo()
    before = [model.objects.count() for model in MODELS]
    run = runs_wanted()[0]
    run_stop(actor=run.owner, run_id=run.pk)
    demo()
    run.refresh_from_db()
    assert [model.objects.count() for model in MODELS] == before and run.state == RunState.STOPPING


def test_the_investor_may_look_at_two_accounts():
    demo()
    assert account_list(actor=User.objects.get(username="iris")).count() == 2


def test_it_refuses_production(settings):
    settings.SETTINGS_MODULE = "velox.settings.prod"
    with pytest.raises(CommandError, match="production"):
        demo()
