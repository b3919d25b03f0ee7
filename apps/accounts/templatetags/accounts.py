"""Words for what a session and the audit trail keep as codes."""

from __future__ import annotations

import re
from typing import Final

from django import template

register = template.Library()

_BROWSERS: Final = (
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS: Final = (
    *(("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows")),
    *(("Mac OS X", "macOS"), ("CrOS", "ChromeOS"), ("Linux", "Linux")),
)
_EVENTS: Final = {
    "login.passed": "Signed in",
    "login.ended": "Signed out",
    "login.confirm_failed": "Wrong password when asked again",
    "session.revoked": "Ended a session",
    "session.revoked_all": "Ended sessions",
    "password.changed": "Changed the password",
    "password.reset": "Set a new password by mail",
    "factor.enabled": "Turned the second factor on",
    "factor.disabled": "Turned the second factor off",
    "factor.codes_renewed": "Made new recovery codes",
    "factor.code_used": "Used a recovery code",
    "apikey.created": "Made an API key",
    "apikey.revoked": "Revoked an API key",
    "user.profile_changed": "Changed the profile",
    "user.registered": "Joined",
}


@register.filter
def device(agent: str) -> str:
    """ "Firefox on Linux", out of what the browser says of itself."""
    browser = next((word for sign, word in _BROWSERS if sign in agent), "")
    system = next((word for sign, word in _SYSTEMS if sign in agent), "")
    if browser and system:
        return f"{browser} on {system}"
    return browser or system or re.split(r"[/\s]", agent, maxsplit=1)[0][:40] or "Unknown device"


@register.filter
def event_words(action: str) -> str:
    return _EVENTS.get(action) or action.replace(".", " ").replace("_", " ").capitalize()
