"""static/js/live.js in a real browser against the real server: what a page is told, and what it survives."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.live.desk import Desk, Server, served

CHROMIUM = shutil.which("chromium")
pytestmark = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")]

SCRIPT = Path(__file__).parents[3] / "static" / "js" / "live.js"
PAGE = """<!doctype html><script type="module">
import { connect } from "/live.js";
window.told = []; window.states = [];
window.live = connect({ url: "/ws/live?as=asha", onState: (s) => window.states.push(s) });
window.watch = (name) => void window.live.subscribe(name, (m) => window.told.push(m));
</script>"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    flags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield started
        started.close()


@pytest.fixture
def server() -> Iterator[Server]:
    with served(Desk()) as running:
        running.pages = {"/": ("text/html", PAGE), "/live.js": ("text/javascript", SCRIPT.read_text())}
        yield running


@pytest.fixture
def page(browser: Any, server: Server) -> Iterator[Any]:
    opened = browser.new_page()
    opened.goto(f"http://127.0.0.1:{server.port}/")
    until(opened, "window.states.some((s) => s.state === 'live')")
    yield opened
    opened.close()


def until(page: Any, truth: str) -> None:
    page.wait_for_function(truth, timeout=8_000)


def test_prices_come_whole_first_then_as_they_change(page: Any, server: Server) -> None:
    server.prices((1, 2011.5))
    page.evaluate("watch('prices:XAUUSD')")
    until(page, "told.length === 1")
    assert page.evaluate("[told[0].snapshot, told[0].d[0][3]]") == [True, 2011.5]
    server.prices((1, 2012.5), (2, 1.1))
    until(page, "told.length === 2")
    assert page.evaluate("[told[1].snapshot, told[1].d.length, told[1].d[0][3]]") == [False, 1, 2012.5]


def test_many_updates_are_told_at_most_once_an_animation_frame(page: Any, server: Server) -> None:
    page.evaluate("watch('prices:XAUUSD')")
    until(page, "told.length === 1")
    for n in range(500):
        server.prices((1, 1.0 + n))
    until(page, "told.at(-1).d[0]?.[3] === 500")
    assert page.evaluate("told.length") < 100


def test_a_lost_line_counts_down_comes_back_and_resumes_without_a_hole(page: Any, server: Server) -> None:
    page.evaluate("watch('account:7')")
    until(page, "told.length === 1")
    server.event("live.account.7", "order", {"n": 1})
    until(page, "told.length === 2")
    (its_socket,) = server.hub().sockets
    server.loop.call_soon_threadsafe(its_socket.end, 1012, "restarting")
    until(page, "states.some((s) => s.state === 'lost' && s.retryInMs > 0 && s.code === 1012)")
    server.event("live.account.7", "order", {"n": 2})
    until(page, "told.length === 3")
    server.event("live.account.7", "order", {"n": 3})
    until(page, "told.length === 4")
    assert page.evaluate("told.map((m) => m.t)") == ["snapshot", "order", "order", "order"]
    assert page.evaluate("told.slice(1).map((m) => m.d.n)") == [1, 2, 3]


def test_a_hidden_tab_is_told_nothing_and_catches_up_when_shown(page: Any, server: Server) -> None:
    page.evaluate("watch('prices:XAUUSD'); watch('account:7')")
    until(page, "told.length === 2")
    hide(page, True)
    until_no_prices_wanted(server)
    for n in range(20):
        server.prices((1, 100.0 + n))
        server.event("live.account.7", "order", {"n": n})
    page.wait_for_timeout(150)
    assert page.evaluate("told.length") == 2
    hide(page, False)
    until(page, "told.filter((m) => m.t === 'order').length === 20")
    until(page, "told.some((m) => m.t === 'px' && m.snapshot && m.d[0]?.[3] === 119)")
    assert page.evaluate("told.filter((m) => m.t === 'order').map((m) => m.d.n)") == list(range(20))


def test_signed_out_is_final_until_the_page_asks_again(page: Any, server: Server) -> None:
    (its_socket,) = server.hub().sockets
    server.loop.call_soon_threadsafe(its_socket.end, 4401, "signed out")
    until(page, "states.at(-1).state === 'down' && states.at(-1).code === 4401")
    page.evaluate("live.retryNow()")
    until(page, "states.at(-1).state === 'live'")


def test_one_failing_handler_does_not_keep_the_others_from_hearing(page: Any, server: Server) -> None:
    page.evaluate("void live.subscribe('prices:XAUUSD', () => { throw new Error('broken') }); watch('prices:XAUUSD')")
    until(page, "told.length >= 1")
    server.prices((1, 5.0))
    until(page, "told.at(-1).d[0]?.[3] === 5")


def hide(page: Any, hidden: bool) -> None:
    page.evaluate(
        """(hidden) => {
            Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });
            document.dispatchEvent(new Event('visibilitychange'));
        }""",
        hidden,
    )


def until_no_prices_wanted(server: Server) -> None:
    deadline = time.monotonic() + 5
    while server.hub().board._groups and time.monotonic() < deadline:
        time.sleep(0.01)
