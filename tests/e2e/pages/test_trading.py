"""A ticket becomes a filled order, a run is stopped and started, the kill switch gets out."""

from __future__ import annotations

from typing import Any

from tests.e2e.pages.conftest import SYMBOL, Visit, Visitor

HALTED = "document.querySelector('.bar .badge.bad')?.textContent.includes('Halted')"


def account_choose(visitor: Visitor, name: str) -> Any:
    page = visitor.open("/")
    page.click(".bar details.menu summary")
    page.click(f"button[name=account]:has-text('{name}')")
    return page


def test_a_ticket_is_filled_and_seen_in_the_blotter(visit: Visit) -> None:
    visitor = visit("arjun")
    page = account_choose(visitor, "World")
    visitor.open(f"/instruments/{SYMBOL}/")
    visitor.live()
    page.keyboard.press("b")
    page.keyboard.type("0.01")
    assert page.inner_text("[data-ticket-submit]") == "Buy 0.01 · DRY RUN"
    page.keyboard.press("Enter")
    page.wait_for_selector(".ticket .notice.good")
    page.wait_for_selector(f"#recent_fills-panel td:has-text('{SYMBOL}')", timeout=20_000)
    visitor.open("/orders/?state=filled")
    page.wait_for_selector(f"#orders-table tr:has-text('{SYMBOL}'):has-text('manual') .badge.good")


def test_a_wrong_size_is_told_beside_the_field(visit: Visit) -> None:
    visitor = visit("maya")
    page = visitor.open(f"/instruments/{SYMBOL}/")
    page.fill("[data-ticket-home] [name=qty]", "0.00005")
    page.click("[data-ticket-submit]")
    assert "whole lots of 0.0001" in page.inner_text(".field.wrong .error")
    assert page.evaluate("document.activeElement.name") == "qty"


def test_a_run_is_stopped_and_started_with_a_question_first(visit: Visit) -> None:
    visitor = visit("maya")
    page = visitor.open("/strategies/")
    page.click("text=Euro crosses")
    page.click("text=Stop")
    page.click("#stop-dialog button[type=submit]")
    page.wait_for_selector("text=is stopping")
    for _ in range(20):
        page.reload()
        if page.query_selector(".page-head .badge:has-text('stopped')"):
            break
        page.wait_for_timeout(500)
    page.click(".page-head button:has-text('Start')")
    page.click("#start-dialog button[type=submit]")
    page.wait_for_selector(".page-head .badge:has-text('running')")


def test_the_switch_is_held_everything_ends_flat_and_it_is_armed_again(visit: Visit) -> None:
    visitor = visit("arjun")
    page = account_choose(visitor, "World")
    visitor.live()
    page.hover(".bar .hold")
    page.mouse.down()
    page.wait_for_selector("h1:has-text('Risk')", timeout=8_000)
    page.mouse.up()
    assert page.evaluate(HALTED)
    for _ in range(30):
        if page.query_selector("li.switch-line:has-text('Everything of yours'):has-text('Halted and flat')"):
            break
        page.wait_for_timeout(500)
        page.reload()
    assert page.query_selector("li.switch-line:has-text('Halted and flat')")
    visitor.open(f"/instruments/{SYMBOL}/")
    page.fill("[data-ticket-home] [name=qty]", "0.01")
    page.click("[data-ticket-submit]")
    page.wait_for_selector(".ticket .notice.bad:has-text('nothing was sent')")
    visitor.open("/risk/")
    page.click("button:has-text('Arm again') >> nth=0")
    page.click("dialog[open] button[type=submit]")
    page.wait_for_selector("text=Armed again")
    assert not page.evaluate(HALTED)


def test_the_switch_needs_no_mouse_and_a_short_press_only_asks(visit: Visit) -> None:
    visitor = visit("maya")
    page = visitor.open("/")
    page.focus(".bar .hold")
    page.keyboard.press("Enter")
    page.wait_for_selector("#kill-dialog[open]")
    assert page.inner_text("#kill-dialog :focus") == "Leave it"
    page.keyboard.press("Escape")
    page.wait_for_selector("#kill-dialog[open]", state="hidden")


def test_a_reader_sees_figures_and_nothing_to_press(visit: Visit) -> None:
    visitor = visit("iris")
    page = visitor.open(f"/instruments/{SYMBOL}/")
    visitor.live()
    page.wait_for_selector("[data-instrument-chart]")
    assert page.query_selector_all("[data-ticket-form], [data-hold]") == []
