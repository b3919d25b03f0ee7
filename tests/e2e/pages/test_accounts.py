"""From an address to an account with a second factor and a key, in a browser; and back in with a recovery code."""

from __future__ import annotations

import base64
import re
import time

from tests.e2e.pages.conftest import App, Visit, Visitor, sign_in
from tests.integration.accounts.conftest import totp_at

WORD = "a-long-enough-word"


def mailed_link(app: App, word: str) -> str:
    """The link of the newest mail that holds a word; mails without a server are files."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        for file in sorted((app.log.parent / "mail").glob("*"), reverse=True):
            text = file.read_text("utf-8").replace("=\n", "").replace("=3D", "=")
            if word in text:
                return re.findall(r"https?://\S+/(?:join|password)/\S+", text)[-1]
        time.sleep(0.1)
    raise AssertionError(f"no mail with {word}")


def joined(visit: Visit, app: App, name: str) -> Visitor:
    visitor = visit(None)
    page = visitor.open("/register/")
    page.fill("#id_email", f"{name}@example.com")
    page.click("button[type=submit]")
    page.wait_for_selector("text=Look into your mail")
    page.goto(mailed_link(app, f"{name}@example.com"))
    page.fill("#id_username", name)
    page.fill("#id_password", WORD)
    page.click("button[type=submit]")
    page.wait_for_selector("text=P&L today")
    return visitor


def test_somebody_registers_adds_a_second_factor_and_comes_back_with_a_recovery_code(
    visit: Visit, live_app: App
) -> None:
    page = joined(visit, live_app, "nora").open("/account/security/factor/")
    page.click("text=No camera? Type it")
    code = totp_at(base64.b32decode(page.inner_text("#secret")), time.time())
    page.fill("#id_code", f"{code:06}")
    page.fill("#id_password", WORD)
    page.click("button:has-text('Turn it on')")
    codes = page.inner_text("#codes").split()
    assert len(set(codes)) == 10
    again = visit(None, (390, 844), theme="light")
    sign_in(again, "nora", WORD)
    again.page.fill("#id_code", codes[0])
    again.page.click("button:has-text('Go on')")
    again.page.wait_for_selector("text=P&L today")
    again.open("/account/security/")
    assert "9 of 10" in again.page.inner_text("main")
    assert again.page.evaluate("document.documentElement.scrollWidth") == 390
    again.page.click("button:has-text('End all others')")
    again.page.wait_for_selector("text=other sessions are ended")
    assert "/login/" in (page.goto(live_app.url + "/account/profile/") and page.url)


def test_a_key_is_made_in_the_page_and_opens_the_api(visit: Visit, live_app: App) -> None:
    page = joined(visit, live_app, "omar").open("/account/keys/")
    page.fill("#id_name", "bot")
    page.check("input[value='account:read']")
    page.fill("#id_password", WORD)
    page.click("button:has-text('Make the key')")
    raw = page.inner_text("#raw-key")
    program = visit(None).page.request
    me = program.get(f"{live_app.url}/api/v1/users/me", headers={"X-API-Key": raw})
    assert (me.status, me.json()["username"]) == (200, "omar")
    page.click("text=I have kept it")
    page.click("button:has-text('Revoke')")
    page.click("dialog[open] button:has-text('Revoke it')")
    page.wait_for_selector("text=opens nothing any more")
    assert program.get(f"{live_app.url}/api/v1/users/me", headers={"X-API-Key": raw}).status == 401


def test_the_theme_of_the_profile_is_the_theme_of_the_page(visit: Visit) -> None:
    visitor = visit("iris", theme="dark")
    page = visitor.open("/account/profile/")
    page.select_option("#id_theme", "light")
    page.click("button:has-text('Save')")
    page.wait_for_selector("text=Saved.")
    assert page.evaluate("document.documentElement.dataset.theme") == "light"
