"""The whole of Velox in one process on a free port, with a folder of its own, and a browser to look at it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
READY_S = 180  # the first start of a clean checkout compiles
PASSWORD = "velox-demo"
SYMBOL = "BTC-USD"  # trades around the clock, whenever the tests run


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "e2e/pages" in item.path.as_posix():
            item.add_marker(pytest.mark.browser)
            if CHROMIUM is None:
                item.add_marker(pytest.mark.skip(reason="no chromium on this machine"))


@dataclass(frozen=True, slots=True)
class App:
    url: str
    log: Path


@pytest.fixture(scope="session")
def live_app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """`manage.py velox_run`, ready: demo people, a synthetic market, strategies running."""
    var = tmp_path_factory.mktemp("var")
    log = var / "run.log"
    port = _free_port()
    env = os.environ | {"VELOX_VAR": str(var), "DJANGO_SETTINGS_MODULE": "velox.settings.dev"}
    env.pop("DATA", None)
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "velox_run", "--port", str(port)], cwd=ROOT, env=env, stdout=out, stderr=out
        )
        try:
            _wait_ready(f"http://127.0.0.1:{port}", process, log)
            yield App(f"http://127.0.0.1:{port}", log)
            if process.poll() is not None:
                pytest.fail(f"velox_run ended by itself; it said:\n{log.read_text(errors='replace')[-3000:]}")
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_ready(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + READY_S
    while time.monotonic() < end:
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(f"{url}/health/ready", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.3)
    pytest.fail(f"velox_run did not become ready; it said:\n{log.read_text(errors='replace')[-3000:]}")


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        started.close()


@dataclass(slots=True)
class Visitor:
    """One person's browser. `said`: what the console complained about, which is never anything."""

    page: Any
    url: str
    said: list[str]

    def open(self, path: str) -> Any:
        self.page.goto(self.url + path)
        return self.page

    def until(self, truth: str, argument: Any = None, seconds: float = 20) -> None:
        """Asked from outside again and again: the page's own content policy forbids what wait_for_function does."""
        end = time.monotonic() + seconds
        while not self.page.evaluate(truth, argument):
            assert time.monotonic() < end, f"not within {seconds} s: {truth}"
            self.page.wait_for_timeout(50)

    def live(self) -> None:
        """The live line works."""
        self.until("document.querySelector('[data-link-text]')?.textContent === 'Live'")


Visit = Callable[..., Visitor]


@pytest.fixture
def visit(browser: Any, live_app: App) -> Iterator[Visit]:
    """`visit("maya", (390, 844), theme="light")`: signed in, in a browser of their own (None: not signed in)."""
    contexts, visitors = [], []

    def come(
        name: str | None = "maya", size: tuple[int, int] = (1440, 900), theme: str = "dark", **more: Any
    ) -> Visitor:
        viewport = {"width": size[0], "height": size[1]}
        context = browser.new_context(viewport=viewport, color_scheme=theme, **more)
        contexts.append(context)
        page = context.new_page()
        visitor = Visitor(page, live_app.url, [])
        page.on("pageerror", lambda error: visitor.said.append(str(error)))
        page.on("console", lambda told: told.type == "error" and visitor.said.append(told.text))
        visitors.append(visitor)
        if name is not None:
            sign_in(visitor, name)
        return visitor

    yield come
    for context in contexts:
        context.close()
    complaints = [text for visitor in visitors for text in visitor.said]
    assert not complaints


def sign_in(visitor: Visitor, name: str, password: str = PASSWORD) -> None:
    page = visitor.open("/login/")
    page.fill("#id_username", name)
    page.fill("#id_password", password)
    page.click("button[type=submit]")
