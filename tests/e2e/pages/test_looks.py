"""Every page at desktop, tablet and phone width, dark and light: fits, complains about nothing, is accessible.

Leaves a picture of each in build/screenshots for somebody to look at.
"""

from __future__ import annotations

import pytest

from tests.e2e.pages.conftest import ROOT, SYMBOL, Visit

PAGES = {
    "overview": "/",
    "market": "/market/",
    "instrument": f"/instruments/{SYMBOL}/",
    "orders": "/orders/",
    "positions": "/positions/",
    "strategies": "/strategies/",
    "run": "/strategies/1/",
    "new-run": "/strategies/new/ema_cross/",
    "risk": "/risk/",
    "system": "/system/",
}
SIZES = {"desktop": (1440, 900), "tablet": (820, 1180), "phone": (390, 844)}
PICTURES = ROOT / "build" / "screenshots"
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("size", SIZES)
def test_every_page_fits_and_the_console_is_quiet(visit: Visit, size: str, theme: str) -> None:
    visitor = visit("maya", SIZES[size], theme, has_touch=size == "phone")
    PICTURES.mkdir(parents=True, exist_ok=True)
    for name, path in PAGES.items():
        page = visitor.open(path)
        visitor.live()
        page.wait_for_timeout(400)
        page.screenshot(path=PICTURES / f"{name}-{size}-{theme}.png")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{name} is wider than {size}"


@pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not installed: make assets brings it with the tests")
@pytest.mark.parametrize("theme", ["dark", "light"])
def test_axe_finds_nothing_serious(visit: Visit, theme: str) -> None:
    visitor = visit("maya", theme=theme, bypass_csp=True)
    found = {}
    for name, path in PAGES.items():
        page = visitor.open(path)
        visitor.live()
        page.evaluate(AXE.read_text("utf-8"))
        told = page.evaluate("axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa'] })")
        grave = [each["id"] for each in told["violations"] if each["impact"] in ("serious", "critical")]
        if grave:
            found[name] = grave
    assert found == {}
