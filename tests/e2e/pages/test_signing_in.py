"""The door: refused with a sentence, let in, let out."""

from __future__ import annotations

from tests.e2e.pages.conftest import Visit, sign_in


def test_a_wrong_password_is_told_in_a_sentence_and_the_right_one_opens_the_overview(visit: Visit) -> None:
    visitor = visit(None)
    sign_in(visitor, "maya", "not this one")
    assert "do not fit together" in visitor.page.inner_text("[role=alert]")
    sign_in(visitor, "maya")
    visitor.page.wait_for_selector("text=P&L today")
    visitor.page.click("summary[aria-label='You and your settings']")
    visitor.page.click("text=Sign out")
    visitor.page.wait_for_selector("#id_password")


def test_the_theme_chosen_is_kept(visit: Visit) -> None:
    visitor = visit("maya", theme="dark")
    page = visitor.open("/market/")
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.click("summary[aria-label='You and your settings']")
    page.click("[data-theme-toggle]")
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") == "light"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != dark
