"""Packs one order of a running demonstration in a real browser, up to the marketplace's receipt.

    python -m tests.browser.smoke [PORTAL_URL [SANDBOX_URL]]

The addresses come from the environment (PORTAL_URL, SANDBOX_URL) when they are not given, the
login from PORTAL_LOGIN and PORTAL_PASSWORD, else it is the demonstration's packer. Leaves a
screenshot; exits 0 when the stand-in has the invoice.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import requests
from playwright.sync_api import Error, Page, sync_playwright

from tests.browser import packer
from tests.browser.chromium import ARGUMENTS, CHROMIUM, a_tablet
from tests.browser.marketplace import wait_for


def main() -> int:
    options = _options()
    if not Path(CHROMIUM).exists():
        print(f"No browser at {CHROMIUM}.", file=sys.stderr)
        return 1
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = a_tablet(browser, locale="pt-BR").new_page()
        try:
            return _smoke(page, options)
        except (AssertionError, Error, TimeoutError, requests.RequestException) as error:
            print(f"It did not work: {error}", file=sys.stderr)
            return 1
        finally:
            options.screenshot.parent.mkdir(parents=True, exist_ok=True)
            page.screenshot(path=options.screenshot)
            print(f"Screenshot: {options.screenshot}")
            browser.close()


def _options() -> argparse.Namespace:
    given = os.environ.get
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("portal", nargs="?", default=given("PORTAL_URL", "http://127.0.0.1:8000"))
    parser.add_argument("sandbox", nargs="?", default=given("SANDBOX_URL", "http://127.0.0.1:8001"))
    parser.add_argument("--login", default=given("PORTAL_LOGIN", "packer"))
    parser.add_argument("--password", default=given("PORTAL_PASSWORD", "packing-demo-2718"))
    shots = Path(given("PORTAL_VAR") or tempfile.gettempdir())
    parser.add_argument("--screenshot", type=Path, default=shots / "smoke.png")
    return parser.parse_args()


def _smoke(page: Page, options: argparse.Namespace) -> int:
    packer.sign_in(page, options.portal, options.login, options.password)
    page.goto(f"{options.portal}/admin/invoicing/package/queue/?view=ready")
    order_id = page.locator("[data-order]").first.get_attribute("data-order") or ""
    page.locator("#scan").focus()
    packer.scan_order(page, order_id)
    while unit := page.locator("[data-line]:not([data-left='0'])").first.get_attribute("data-ref"):
        packer.scan(page, unit)
        if page.locator("#said.done").count():
            break
    here = page.url
    number = packer.close_package(page)
    found = wait_for(lambda: _invoiced(options.sandbox, order_id, number), seconds=90)
    # The next order may have opened on the first one.
    again = page.context.new_page()
    again.goto(here)
    again.locator(".fate.accepted").wait_for()
    print(f"Order {order_id}: invoice {number} of {found['invoiceValue']} cents arrived.")
    return 0


def _invoiced(sandbox: str, order_id: str, number: str) -> dict[str, Any] | None:
    """The invoice as the stand-in has it, None while it does not."""
    answer = requests.get(f"{sandbox}/_control/orders/{order_id}", timeout=10)
    answer.raise_for_status()
    packages = answer.json()["packages"]
    return next((one for one in packages if one["invoiceNumber"] == number), None)


if __name__ == "__main__":
    sys.exit(main())
