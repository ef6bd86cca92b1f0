"""A packer at the tablet: keys and a scanner, no mouse."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

#: Longer than the screen waits for the rest of a code after a command letter.
AFTER_A_COMMAND_MS = 450


def sign_in(page: Page, portal: str, username: str, password: str = "password") -> None:  # noqa: S107  # the tests' own
    page.goto(f"{portal}/admin/invoicing/package/queue/")
    page.locator("[name=username]").fill(username)
    page.locator("[name=password]").fill(password)
    page.keyboard.press("Enter")
    expect(page.locator("#queue")).to_be_visible()
    expect(page.locator("#scan")).to_be_focused()


def scan(page: Page, code: str) -> None:
    """Types like a scanner, wherever the focus is, and waits for what the screen says."""
    _answered(page, lambda: _type(page, code))


def scan_order(page: Page, order_id: str) -> None:
    """From the queue, or from another order."""
    _type(page, order_id)
    page.wait_for_url("**/package/pack/**")
    expect(page.locator("body[data-ready]")).to_be_visible()
    expect(page.locator("h1")).to_contain_text(order_id)


def command(page: Page, key: str) -> None:
    """A command letter on the empty scan box: new, undo."""
    _answered(page, lambda: page.keyboard.press(key))


def close_package(page: Page) -> str:
    """C, then Enter; gives the invoice's number."""
    page.keyboard.press("c")
    expect(page.locator("#sure")).to_be_visible()
    _answered(page, lambda: page.keyboard.press("Enter"))
    expect(page.locator("#said.done")).to_be_visible()
    return page.locator("#said").inner_text().rstrip(".").rpartition(" ")[2]


def type_into(page: Page, name: str, text: str) -> None:
    """Tabs on to the field of that name and types."""
    focused = "document.activeElement.name"
    for _tab in range(80):
        page.keyboard.press("Tab")
        if page.evaluate(focused) == name:
            page.keyboard.type(text)
            return
    raise AssertionError(f"No field {name} within eighty tabs")


def _type(page: Page, code: str) -> None:
    page.keyboard.type(code)
    page.keyboard.press("Enter")


def _answered(page: Page, act: Callable[[], None]) -> None:
    with page.expect_response(lambda response: response.url.endswith("/do/")):
        act()
    page.wait_for_timeout(50)  # the answer is drawn in the next turn of the event loop
