"""Swagger UI and Redoc in a real browser: they draw the document, from this host, and no policy stands in their way."""

from __future__ import annotations

import shutil
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium")
pytestmark = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")]

LOGO = "https://cdn.redoc.ly/redoc/logo-mini.svg"  # Redoc's footer wants it; the policy stops it before it is asked for
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]


@pytest.mark.parametrize(
    ("path", "drawn"), [("/api/docs/", "#operations-Orders-orders_place"), ("/api/redoc/", "[id='tag/Orders']")]
)
def test_the_document_is_drawn_under_the_policy(live_server: Any, path: str, drawn: str) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page()
        complaints: list[str] = []
        asked: list[str] = []
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        answer = page.goto(live_server.url + path)
        page.wait_for_selector(drawn, timeout=30_000)
        policy = answer.headers["content-security-policy"]
        browser.close()
    assert [text for text in complaints if LOGO not in text] == []
    assert [url for url in asked if not url.startswith((live_server.url, "blob:", "data:", LOGO))] == []
    assert "unsafe-inline" not in policy and "unsafe-eval" not in policy
