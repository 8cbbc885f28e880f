"""The page as it looks, and as keyboards and screen readers meet it."""

from __future__ import annotations

import shutil
import subprocess
import tarfile

import pytest
from selenium.webdriver.common.keys import Keys

from tests.integration.page.conftest import MARKUP
from tests.support.browser import Page

AXE = "axe-core@4.14.1"


def test_the_days_are_bars_that_choose_a_day_and_the_files_behind_a_part(operator: Page) -> None:
    operator.show("overview")
    operator.wait(lambda: len(operator.texts(".days .bar-button")) == 14)
    operator.wait(lambda: {"not configured", "received"} <= {*operator.texts("#trend ~ .legend li")})
    today = operator.one(".days li:last-child > .bar-button")
    assert today.get_attribute("aria-pressed") == "true"
    assert "received" in operator.texts(".days .bar-button")[-1]
    assert len(operator.texts("#trend ~ .hidden tbody tr")) == 14  # the same, for screen readers
    operator.wait(lambda: len(operator.texts("#hours ~ .hidden tbody tr")) == 24)
    operator.wait(lambda: any("half within" in text for text in operator.texts(".time-line")))
    operator.click(".days li:first-child > .bar-button")
    first = ".days li:first-child > .bar-button"
    operator.wait(lambda: operator.one(first).get_attribute("aria-pressed") == "true")
    operator.wait(lambda: "date=" in operator.browser.current_url)
    operator.click(".days li:last-child > .bar-button [data-status=not_configured]")
    operator.wait(lambda: MARKUP in operator.texts("tbody .key"))
    assert operator.one("#status-filter").get_attribute("value") == "not_configured"


@pytest.mark.parametrize(("width", "scheme"), [(1440, "light"), (1280, "dark"), (380, "light")])
def test_every_view_fits_and_shows_something(operator: Page, width: int, scheme: str) -> None:
    operator.open(width, 900, scheme)
    for view in ("overview", "files", "batches", "quarantine", "jobs", "discovery"):
        operator.browser.execute_script("location.hash = arguments[0]", view)
        operator.wait(lambda view=view: operator.texts("h1")[0].lower() == view)  # type: ignore[misc]
        operator.wait(lambda: "Loading…" not in operator.texts("main .state:not([hidden])"))
        operator.shoot(f"{view}-{width}-{scheme}")
        assert operator.browser.execute_script("return document.documentElement.scrollWidth") <= width


def test_every_control_has_a_name_and_is_reached_by_keyboard(operator: Page) -> None:
    nameless = """return [...document.querySelectorAll('button, input, select, a')].filter((node) =>
        !(node.textContent.trim() || node.getAttribute('aria-label') || node.labels?.length)).length"""
    assert operator.browser.execute_script(nameless) == 0
    operator.one("#key").send_keys("data/in/customers.csv\n")
    operator.wait(lambda: operator.focused() == "detail-close")
    operator.press(Keys.ESCAPE)
    operator.wait(lambda: operator.focused() == "key")


@pytest.fixture(scope="module")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return axe-core's script from npm; without npm, or a registry that it reaches, skip."""
    folder = tmp_path_factory.mktemp("axe")
    npm = shutil.which("npm")
    if npm is None or subprocess.run([npm, "pack", "-s", AXE], cwd=folder, check=False).returncode:
        pytest.skip(f"npm cannot bring {AXE}")
    (packed,) = folder.glob("*.tgz")
    with tarfile.open(packed) as archive:
        script = archive.extractfile("package/axe.min.js")
        assert script
        return script.read().decode()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(operator: Page, axe: str, scheme: str) -> None:
    operator.open(1280, 900, scheme)
    found = []
    for view in ("overview", "files", "batches", "quarantine", "jobs", "discovery"):
        operator.browser.execute_script("location.hash = arguments[0]", view)
        operator.wait(lambda view=view: operator.texts("h1")[0].lower() == view)  # type: ignore[misc]
        operator.wait(lambda: "Loading…" not in operator.texts("main .state:not([hidden])"))
        found += operator.violations(axe)
    operator.browser.execute_script("openDetail(arguments[0])", MARKUP)
    operator.wait(lambda: operator.texts("#head .badge"))
    assert found + operator.violations(axe) == []
