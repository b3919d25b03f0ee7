"""Prices and candles move by themselves."""

from __future__ import annotations

from tests.e2e.pages.conftest import SYMBOL, Visit

LAST = f"tr[data-symbol='{SYMBOL}'] [data-field=last]"


def test_a_price_on_the_watchlist_moves(visit: Visit) -> None:
    visitor = visit("maya")
    page = visitor.open("/market/")
    visitor.live()
    before = page.inner_text(LAST)
    visitor.until("([cell, text]) => document.querySelector(cell).textContent !== text", [LAST, before])


def test_the_last_candle_moves_and_says_that_it_is_forming(visit: Visit) -> None:
    visitor = visit("maya")
    page = visitor.open(f"/instruments/{SYMBOL}/")
    visitor.until("document.querySelector('[data-legend]')?.textContent.includes('forming')")
    before = page.get_attribute("[data-instrument-chart]", "data-close")
    visitor.until("(close) => document.querySelector('[data-instrument-chart]').dataset.close !== close", before)


def test_an_indicator_is_picked_from_the_registry_and_remembered(visit: Visit) -> None:
    visitor = visit("maya")
    page = visitor.open(f"/instruments/{SYMBOL}/")
    visitor.until("document.querySelector('[data-legend]')?.textContent.includes('ema(20)')")
    page.keyboard.press("i")
    page.fill("[data-picker-search]", "bollinger")
    page.keyboard.press("Enter")
    page.fill("#param-period", "30")
    page.keyboard.press("Enter")
    visitor.until("document.querySelector('[data-legend]').textContent.includes('bbands(30, 2)')")
    page.reload()
    visitor.until("document.querySelector('[data-legend]')?.textContent.includes('bbands(30, 2)')")


def test_the_list_is_walked_and_opened_by_keyboard_alone(visit: Visit) -> None:
    visitor = visit("maya")
    page = visitor.open("/market/")
    visitor.live()
    page.focus("#watch-table tbody tr")
    first = page.get_attribute("#watch-table tbody tr:focus", "data-symbol")
    page.keyboard.press("ArrowDown")
    second = page.get_attribute("#watch-table tbody tr:focus", "data-symbol")
    assert first != second
    page.keyboard.press("b")
    page.wait_for_selector("#ticket[open] [name=qty]:focus")
    page.keyboard.press("Escape")
    page.wait_for_selector("#ticket[open]", state="hidden")
    page.focus(f"tr[data-symbol='{second}']")
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-instrument-chart]")


def test_a_lost_connection_is_told_at_once_and_mends_without_a_reload(visit: Visit) -> None:
    visitor = visit("maya")
    page = visitor.open("/market/")
    visitor.live()
    page.evaluate("window.stayed = true")
    page.context.set_offline(True)
    page.evaluate("import('/static/js/link.js').then(({ live }) => live.socket.close())")
    page.wait_for_selector("[data-lost]:not([hidden])")
    assert "not current" in page.inner_text("[data-lost-text]") or "Trying" in page.inner_text("[data-lost-text]")
    page.context.set_offline(False)
    visitor.live()
    page.wait_for_selector("[data-lost]", state="hidden")
    assert page.evaluate("window.stayed")
    visitor.said.clear()  # the browser itself notes that it was offline
