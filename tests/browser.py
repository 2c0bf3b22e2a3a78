"""A real browser for the pages that people open: Chromium as the system has it, driven by Playwright."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, expect, sync_playwright

from tests.optional import need

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
MISSING = "these tests need a browser: install Chromium (Debian: apt-get install chromium) so that it is on PATH"
expect.set_options(timeout=120_000)  # milliseconds; five seconds, as it is without, pass where every core is busy


@contextmanager
def chromium(*arguments: str) -> Iterator[Browser]:
    """Run Chromium without a window, with further arguments; skip with the remedy if there is none."""
    need(CHROMIUM, MISSING)
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", *arguments])
        try:
            yield browser
        finally:
            browser.close()
