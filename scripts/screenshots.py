"""Pictures of the screens, from a running demonstration, into docs/images/.

.venv/bin/python -m config.run demo --once .venv/bin/python -m scripts.screenshots
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from playwright.sync_api import Browser, FilePayload, Page, sync_playwright

from tests.browser import packer
from tests.browser.chromium import ARGUMENTS, CHROMIUM, TABLET, UPRIGHT

IMAGES = Path(__file__).resolve().parent.parent / "docs" / "images"
LANGUAGES = {"en": "en-US", "pt": "pt-BR"}
#: name -> address; seen by a manager.
PAGES = {
    "today": "/admin/",
    "attention": "/admin/attention/",
    "radar": "/admin/radar/",
    "reconciliations": "/admin/reconciliations/",
    "payouts": "/admin/payouts/",
    "orders": "/admin/orders/order/",
    "promises": "/admin/reports/promises/",
    "stock": "/admin/sellers/stocklevel/",
    "messages": "/admin/sellers/outboxmessage/",
    "recorded": "/admin/simulation/simulationcapture/",
}


def main() -> None:
    portal = os.environ["PORTAL_URL"]
    IMAGES.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        for short, locale in LANGUAGES.items():
            _packing(browser, portal, short, locale)
            _walking(browser, portal, short, locale)
            _counting(browser, portal, short, locale)
            _shipping(browser, portal, short, locale)
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
    packer.acknowledge(page)
    _beside_the_scans(page, f"{portal}/admin/invoicing/package", short)
    page.context.close()


def _beside_the_scans(page: Page, here: str, short: str) -> None:
    """What is missing, the keys, the command sheet, the returns desk."""
    page.locator("#missing summary").press("Enter")
    _save(page, f"packing-missing-{short}")
    page.locator("#missing summary").press("Enter")
    page.locator("#help-key").press("Enter")
    _save(page, f"packing-keys-{short}")
    for name in ("commands", "returns"):
        page.goto(f"{here}/{name}/")
        _save(page, f"{name}-{short}")


def _walking(browser: Browser, portal: str, short: str, locale: str) -> None:
    """A walk along the shelves, and what is missing there."""
    page = _page(browser, portal, locale, "packer", "packing-demo-2718")
    page.keyboard.press("p")
    page.wait_for_url(re.compile(r"/picking/(\d+|start)/$"))
    if page.url.endswith("/start/"):
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile(r"/picking/\d+/$"))
    page.locator("body[data-ready]").wait_for()
    packer.scan(page, page.locator("[data-current]").get_attribute("data-ref") or "")
    _save(page, f"picking-{short}")
    page.set_viewport_size(UPRIGHT)
    page.keyboard.press("k")
    page.locator("[name=quantity]:focus").wait_for()
    _save(page, f"picking-missing-upright-{short}")
    page.set_viewport_size(TABLET)
    walk = page.url
    page.goto(walk + "paper/")
    _save(page, f"pick-list-{short}")
    # Its orders go back to the queue, for the next pictures.
    page.goto(walk)
    page.locator("body[data-ready]").wait_for()
    page.keyboard.press("f")
    page.locator("#finish button").wait_for()
    page.keyboard.press("Enter")
    page.wait_for_url("**/queue/")
    page.context.close()


def _counting(browser: Browser, portal: str, short: str, locale: str) -> None:
    """An aisle being counted; it is dropped again."""
    page = _page(browser, portal, locale, "packer", "packing-demo-2718")
    page.goto(f"{portal}/admin/invoicing/package/counts/")
    page.locator("[name=bin]").fill("A")
    page.keyboard.press("Enter")
    page.locator("body[data-ready]").wait_for()
    waiting = page.locator("[data-uncounted]").evaluate_all(
        "all => all.map(one => one.dataset.uncounted)"
    )
    for ref in waiting[:2]:
        packer.scan(page, ref)
    _save(page, f"counting-{short}")
    page.keyboard.press("z")
    page.locator("#drop button").wait_for()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/counts/$"))
    _save(page, f"counts-{short}")
    page.context.close()


def _shipping(browser: Browser, portal: str, short: str, locale: str) -> None:
    """Carriers, the van that is being loaded, its alarm; labels; a tracking file looked through."""
    page = _page(browser, portal, locale, "packer", "packing-demo-2718")
    here = f"{portal}/admin/invoicing/package"
    page.goto(f"{here}/manifests/")
    _save(page, f"carriers-{short}")
    page.locator(".vans button", has_text="Correios").click()
    page.locator("body[data-ready]").wait_for()
    _save(page, f"manifest-{short}")
    boarded = page.locator("[data-entry] .what b").first.inner_text()
    page.set_viewport_size(UPRIGHT)
    packer.scan(page, boarded)
    _save(page, f"manifest-upright-{short}")
    page.set_viewport_size(TABLET)
    order_id, _hyphen, number = boarded.rpartition("-")
    page.goto(f"{here}/pack/{order_id}/label/{number}/")
    _save(page, f"label-{short}")
    _papers(page, here, short)
    _tracking_file(page, here, short, boarded)
    page.context.close()


def _papers(page: Page, here: str, short: str) -> None:
    page.goto(f"{here}/paper/")
    page.wait_for_load_state("networkidle")
    _save(page, f"papers-{short}")
    page.locator("[name=again]").check()
    page.locator(".portal-form button").click()
    page.locator("a[href$='/result/']").wait_for(timeout=60_000)
    page.wait_for_load_state("networkidle")
    _save(page, f"job-{short}")


def _tracking_file(page: Page, here: str, short: str, package: str) -> None:
    page.goto(f"{here}/tracking/")
    page.wait_for_load_state("networkidle")
    _save(page, f"tracking-file-{short}")
    rows = f"Pacote;Rastreio;Transportadora\n{package};AA123456785BR;Correios\nR-0;AA1;Correios\n"
    file = FilePayload(name="rastreios.csv", mimeType="text/csv", buffer=rows.encode())
    page.locator("[name=file]").set_input_files(file)
    page.locator(".portal-form button").click()
    page.locator(".portal-job-tools a[href*='/tracking/']").click(timeout=60_000)
    page.wait_for_load_state("networkidle")
    _save(page, f"tracking-preview-{short}")


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
    page.goto(portal + "/admin/simulation/simulationcapture/why/")
    for name, value in {"sku": "1001", "quantity": "3", "postal_code": "22270-030"}.items():
        page.locator(f"[name={name}]").fill(value)
    page.keyboard.press("Enter")
    page.wait_for_load_state("networkidle")
    _save(page, f"why-{short}")
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
