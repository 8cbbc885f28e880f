"""Debian's Chromium, headless, and what a user would notice: the page's text and its console's errors."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException, WebDriverException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.support.select import Select

SCREENSHOTS = Path(__file__).resolve().parents[2] / "screenshots"
QUIET = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage",
)  # fmt: skip


def start_chromium(profile: Path) -> webdriver.Chrome:
    """Start a browser with a fresh profile; without Chromium skip, but in CI fail."""
    binary, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not binary or not driver:
        missing = "install Debian's chromium and chromium-driver to run the page's tests"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(missing)
    options = webdriver.ChromeOptions()
    options.binary_location = str(binary)
    for flag in (*QUIET, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return webdriver.Chrome(options=options, service=Service(str(driver)))


class Page:
    """The status page in a browser."""

    def __init__(self, browser: webdriver.Chrome, address: str) -> None:
        self.browser = browser
        self.address = address

    def open(self, width: int = 1280, height: int = 900, scheme: str = "light") -> None:
        """Load the page afresh in a window of this size."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        media = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", media)
        self.browser.get(self.address)

    def sign_in(self, token: str) -> None:
        """Enter a token."""
        self.wait(lambda: self.one("#token").get_attribute("open"))
        field = self.one("#token-value")
        field.clear()
        field.send_keys(token)
        self.one("#token-submit").click()
        self.wait(lambda: not self.one("#token").get_attribute("open"))

    def show(self, view: str) -> None:
        """Go to a view by its link."""
        self.one(f"#tabs a[href='#{view}']").click()

    def choose(self, selector: str, value: str) -> None:
        """Choose an option of a select element, once it is there."""

        def chosen() -> bool:
            Select(self.one(selector)).select_by_value(value)
            return True

        self.wait(chosen)

    def one(self, selector: str) -> Any:
        """Return the first element of a selector."""
        return self.browser.find_element(By.CSS_SELECTOR, selector)

    def focused(self) -> str:
        """Return the id of the focused element; empty when it has none."""
        return str(self.browser.execute_script("return document.activeElement?.id ?? ''"))

    def press(self, *keys: str) -> None:
        """Press keys together; the focused element gets them."""
        chain = ActionChains(self.browser)
        for key in keys:
            chain.key_down(key)
        for key in reversed(keys):
            chain.key_up(key)
        chain.perform()

    def connected(self, yes: bool) -> None:
        """Take the network away from the page, or give it back."""
        conditions = {"offline": not yes, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
        self.browser.execute_cdp_cmd("Network.enable", {})
        self.browser.execute_cdp_cmd("Network.emulateNetworkConditions", conditions)

    def texts(self, selector: str) -> list[str]:
        """Return the whole text of each element, as it stands in the document."""
        script = "return [...document.querySelectorAll(arguments[0])].map((node) => node.textContent)"
        return list(self.browser.execute_script(script, selector))

    def click(self, selector: str) -> None:
        """Click the first element of a selector, once it is there."""
        self.wait(lambda: self._clicked(selector))

    def _clicked(self, selector: str) -> bool:
        self.one(selector).click()
        return True

    def wait(self, find: Callable[[], Any], seconds: float = 30) -> Any:
        """Return the first truthy value of `find`."""
        deadline, problem = time.monotonic() + seconds, ""
        while time.monotonic() < deadline:
            try:
                if found := find():
                    return found
            except (StaleElementReferenceException, WebDriverException) as error:
                problem = str(error).partition("\n")[0]
            time.sleep(0.1)
        self.shoot("failed")
        raise AssertionError(f"not seen within {seconds} s {problem}: {self.texts('main')} {self.errors()}")

    def violations(self, axe: str) -> list[str]:
        """Return what axe-core calls serious or critical."""
        self.browser.execute_script(axe)
        found = self.browser.execute_async_script(
            "axe.run({resultTypes: ['violations']}).then((told) => arguments[0](told.violations))"
        )
        return [
            f"{each['id']}: {node['html'][:150]} {node['failureSummary'][-200:]}"
            for each in found
            if each["impact"] in {"serious", "critical"}
            for node in each["nodes"]
        ]

    def shoot(self, name: str) -> None:
        """Save a picture of the page."""
        SCREENSHOTS.mkdir(exist_ok=True)
        self.browser.save_screenshot(str(SCREENSHOTS / f"{name}.png"))

    def errors(self) -> list[str]:
        """Return the console's errors, warnings and reports of the page's policy since the last look."""
        return [entry["message"] for entry in self.browser.get_log("browser")]  # type: ignore[no-untyped-call]
