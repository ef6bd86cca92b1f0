"""A packer at the tablet: keys and a scanner, no mouse."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, Route, expect

#: Between two characters: slower than any scanner.
BY_HAND_MS = 100
#: Longer than an Enter counts as the end of a scan.
AFTER_A_SCAN_MS = 200


def sign_in(page: Page, portal: str, username: str, password: str = "password") -> None:  # noqa: S107  # the tests' own
    page.goto(f"{portal}/admin/invoicing/package/queue/")
    page.locator("[name=username]").fill(username)
    page.locator("[name=password]").fill(password)
    page.keyboard.press("Enter")
    expect(page.locator("#queue")).to_be_visible()
    expect(page.locator("#scan")).to_be_focused()


#: Types at a pace that no load on the machine changes: with `pace` milliseconds between two
#: characters, all of them at the same moment for a scanner.
_TYPE = """([code, ends, pace, at = performance.now() - pace * code.length]) => {
  const onTime = (event) => Object.defineProperty(event, "timeStamp", { value: at });
  const press = (key) => {
    const init = { key, bubbles: true, cancelable: true };
    return document.activeElement.dispatchEvent(onTime(new KeyboardEvent("keydown", init)));
  };
  addEventListener("input", onTime, true);
  for (const character of code) {
    at += pace;
    if (press(character)) document.execCommand("insertText", false, character);
  }
  removeEventListener("input", onTime, true);
  if (ends && press("Enter")) document.activeElement.form?.requestSubmit();
}"""


def burst(page: Page, code: str, *, enter: bool = True) -> None:
    """A scanner, wherever the focus is; with Enter behind it or without."""
    page.evaluate(_TYPE, [code, enter, 0])


def by_hand(page: Page, text: str) -> None:
    """Somebody's fingers, wherever the focus is."""
    page.evaluate(_TYPE, [text, False, BY_HAND_MS])


#: A scan from before the script named has run, as the page gets to see it.
_UPON = f"""([script, code]) => {{
  const element = document.querySelector(`script[src$="${{script}}"]`);
  const now = performance.now();
  element.addEventListener("load", () => ({_TYPE})([code, true, 0, now]));
}}"""


def scan_while_opening(page: Page, address: str, code: str, *, script: str) -> None:
    """A scan whose first character comes before `script`, the page's last one, has run."""
    held: list[Route] = []
    page.route(f"**/{script}", lambda route: held.append(route))
    with page.expect_request(f"**/{script}"):
        page.goto(address, wait_until="commit")
    expect(page.locator("#scan")).to_be_focused()
    page.keyboard.type(code[0])
    page.evaluate(_UPON, [script, code[1:]])
    held[0].continue_()


def scan(page: Page, code: str) -> None:
    """Types like a scanner, wherever the focus is, and waits for what the screen says."""
    _answered(page, lambda: burst(page, code))


def scan_order(page: Page, order_id: str) -> None:
    """From the queue, or from another order."""
    scan_order_by(page, order_id, order_id)


def scan_order_by(page: Page, code: str, order_id: str) -> None:
    """The same by another code of the order, such as its tote's."""
    burst(page, code)
    page.wait_for_url("**/package/pack/**")
    expect(page.locator("body[data-ready]")).to_be_visible()
    expect(page.locator("h1")).to_contain_text(order_id)
    settled(page)


def command(page: Page, key: str) -> None:
    """A command letter on the empty scan box: new, undo."""
    _answered(page, lambda: page.keyboard.press(key))


def acknowledge(page: Page, key: str = "Enter") -> None:
    """Once the alarm takes it: a key right behind a scan is taken for the scan's own."""
    alarm = page.locator("#alarm")
    expect(alarm).to_be_visible()
    page.wait_for_timeout(AFTER_A_SCAN_MS)
    page.keyboard.press(key)
    expect(alarm).to_be_hidden()


def close_package(page: Page) -> str:
    """C, then Enter; gives the invoice's number."""
    page.keyboard.press("c")
    expect(page.locator("#sure")).to_be_visible()
    _answered(page, lambda: page.keyboard.press("Enter"))
    # Read at once: the next order may open.
    return page.locator("#said.done").inner_text().rstrip(".").rpartition(" ")[2]


def type_into(page: Page, name: str, text: str) -> None:
    """Tabs on to the field of that name and types."""
    focused = "document.activeElement.name"
    for _tab in range(80):
        page.keyboard.press("Tab")
        if page.evaluate(focused) == name:
            # By hand: what is typed faster is a scan, and goes to the scan box.
            by_hand(page, text)
            return
    raise AssertionError(f"No field {name} within eighty tabs")


def _answered(page: Page, act: Callable[[], None]) -> None:
    with page.expect_response(lambda response: response.url.endswith("/do/")):
        act()
    settled(page)


def settled(page: Page) -> None:
    """Every gesture was answered, and the answer is drawn."""
    expect(page.locator("#board[aria-busy=true]")).to_have_count(0)
