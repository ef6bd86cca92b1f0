"""Pictures of the screens, from a running demonstration, into docs/images/.

.venv/bin/python -m config.run demo --once .venv/bin/python -m scripts.screenshots
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser import packer
from tests.browser.chromium import ARGUMENTS, CHROMIUM, TABLET, UPRIGHT

IMAGES = Path(__file__).resolve().parent.parent / "docs" / "images"
LANGUAGES = {"en": "en-US", "pt": "pt-BR"}
#: name -> address; seen by a manager.
PAGES = {
    "today": "/admin/",
    "attention": "/admin/attention/",
    "radar": "/admin/radar/",
    "orders": "/admin/orders/order/",
    "stock": "/admin/sellers/stocklevel/",
    "messages": "/admin/sellers/outboxmessage/",
}


def main() -> None:
    portal = os.environ["PORTAL_URL"]
    IMAGES.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        for short, locale in LANGUAGES.items():
            _packing(browser, portal, short, locale)
            _managing(browser, portal, short, locale)
        browser.close()


def _packing(browser: Browser, portal: str, short: str, locale: str) -> None:
    page = _page(browser, portal, locale, "packer", "packing-demo-2718")
    _save(page, f"queue-{short}")
    order_id = _largest_order(page)
    packer.scan_order(page, order_id)
    lines = page.locator("[data-line]").evaluate_all("all => all.map(one => one.dataset.ref)")
    packer.scan(page, lines[0])
    packer.scan(page, lines[1])
    packer.close_package(page)
    page.locator(".fate.accepted").wait_for(timeout=30_000)
    packer.scan(page, lines[-1])
    packer.scan(page, lines[0])
    _save(page, "packing" if short == "en" else f"packing-{short}")
    page.set_viewport_size(UPRIGHT)
    _save(page, f"packing-upright-{short}")
    page.set_viewport_size(TABLET)
    page.keyboard.type("7890000000000")
    page.keyboard.press("Enter")
    page.wait_for_timeout(600)
    _save(page, f"packing-wrong-{short}")
    page.context.close()


def _largest_order(page: Page) -> str:
    """The order with the most units still to pack: it has something to show."""
    rows = page.locator("[data-order]")
    texts = rows.evaluate_all(
        "all => all.map(one => [one.dataset.order, one.innerText.match(/0 \\/ (\\d+)/)?.[1] || 0])"
    )
    return str(max(texts, key=lambda row: int(row[1]))[0])


def _managing(browser: Browser, portal: str, short: str, locale: str) -> None:
    page = _page(browser, portal, locale, "manager", "managing-demo-2718")
    for name, address in PAGES.items():
        page.goto(portal + address)
        page.wait_for_load_state("networkidle")
        _save(page, f"{name}-{short}")
    page.goto(portal + "/admin/orders/order/")
    page.locator("table a[href*='/change/']").first.click()
    page.wait_for_load_state("networkidle")
    _save(page, f"order-{short}")
    page.context.close()


def _page(browser: Browser, portal: str, locale: str, login: str, password: str) -> Page:
    page = browser.new_context(viewport=TABLET, locale=locale).new_page()
    packer.sign_in(page, portal, login, password)
    switch = page.locator("header button", has_text=re.compile(rf"^\s*{locale[:2]}\s*$", re.I))
    if switch.is_enabled():
        switch.click()
        page.wait_for_load_state("networkidle")
    return page


def _save(page: Page, name: str) -> None:
    page.screenshot(path=IMAGES / f"{name}.png")


if __name__ == "__main__":
    main()
