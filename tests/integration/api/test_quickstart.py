"""The quick start of the docs runs as it stands, against a real server with demo data."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as installed
from django.core.management import call_command

from apps.execution.facts import instruments
from apps.instruments.models import Instrument
from apps.marketdata.quotes import board
from apps.orders.models import Order
from tests.integration.money import quote

ROOT = Path(installed.BASE_DIR)


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(ROOT / "clients"))
    import velox_client

    return velox_client


@pytest.fixture
def demo(transactional_db: None, settings: Any) -> Iterator[None]:
    settings.SETTINGS_MODULE = "velox.settings.test"  # an override has none; the demo asks which settings these are
    call_command("velox_demo", verbosity=0)
    board.clear()
    instruments.forget()
    for instrument in Instrument.objects.all():
        quote(instrument.number, 2000.0, event_ns=_open_ns(), seen_ns=time.time_ns())
    yield
    board.clear()
    instruments.forget()


def _open_ns() -> int:
    """A Wednesday afternoon in London, when every market of the demo but India's trades."""
    return 1_704_898_800_000_000_000


def test_the_quick_start_runs(live_server: Any, demo: None, client: Any, capsys: pytest.CaptureFixture[str]) -> None:
    program = re.search(r"```python\n(.*?)```", (ROOT / "docs" / "api.md").read_text(), re.DOTALL)
    assert program is not None
    exec(compile(program[1], "docs/api.md", "exec"), {"URL": live_server.url})
    told = capsys.readouterr().out
    assert "new 1 1.5" in told and "XAUUSD buy 0 None" in told
    assert Order.objects.get().status == "pending_cancel"


def test_a_problem_is_raised_with_its_code(live_server: Any, demo: None, client: Any) -> None:
    with client.Velox(live_server.url).log_in("maya", "velox-demo") as velox:
        account = next(velox.accounts())
        with pytest.raises(client.Problem) as refused:
            velox.order_place(account.id, 1, "buy", Decimal("0.5"), key="half-a-lot")
        assert (refused.value.code, refused.value.facts["rule"]) == ("risk_refused", "input")
        with pytest.raises(client.Problem, match="no such account") as missing:
            velox.order_place(account.id + 100, 1, "buy", 1)
        assert missing.value.status == 404


def test_a_client_renews_its_token_by_itself(live_server: Any, demo: None, client: Any) -> None:
    with client.Velox(live_server.url).log_in("maya", "velox-demo") as velox:
        velox._headers = {"Authorization": "Bearer stale"}
        assert [account.name for account in velox.accounts()] == ["Global"]


def test_the_client_needs_nothing_of_the_server(client: Any) -> None:
    sources = [path.read_text() for path in (ROOT / "clients" / "velox_client").glob("*.py")]
    assert sources and not any("apps" in source or "django" in source for source in sources)
    assert "velox_client" in sys.modules
