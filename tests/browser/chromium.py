"""Which browser, how it is started and how patiently it is watched: Debian's, never one that
Playwright downloads."""

from __future__ import annotations

import os

from playwright.sync_api import Browser, BrowserContext, ViewportSize, expect

# How long to wait before something is taken to be missing: long, for it is paid only then.
PATIENCE_MS = 60_000
expect.set_options(timeout=PATIENCE_MS)

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
#: Ten inches, lying and upright.
TABLET: ViewportSize = {"width": 1280, "height": 800}
UPRIGHT: ViewportSize = {"width": 800, "height": 1280}


def a_tablet(browser: Browser, *, locale: str = "en-GB") -> BrowserContext:
    """Somebody's own: lying, with cookies and storage of its own."""
    context = browser.new_context(viewport=TABLET, locale=locale)
    context.set_default_timeout(PATIENCE_MS)
    return context
