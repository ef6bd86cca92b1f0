"""The packing table in a real browser: what sound, keys and focus do, and what a bad day does."""

from __future__ import annotations

import re

import pytest
from django.utils import timezone
from playwright.sync_api import Page, Route, ViewportSize, expect

from invoicing.models import PackageItem, ShortPick
from orders.models import Order
from tests.browser import packer
from tests.browser.chromium import TABLET, UPRIGHT
from tests.builders import Line, a_sku, an_order, staff

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("roles"),
]
LONG = "Camiseta de algodão orgânico azul-marinho, gola careca, tamanho extragrande"


@pytest.fixture
def order(roles: None) -> Order:
    a_sku("1001", ean="7891234567895", name=LONG, bin_location="A-04-01")
    a_sku("2002", ean="7891234567901", name="Mug", bin_location="A-01-02")
    a_sku("3003", name="Stray")
    lines = (Line("1001", 3, 5990, discount=100, freight=701), Line("2002", 1, 3333))
    return an_order(*lines, due_at=timezone.now())


@pytest.fixture
def table(page: Page, live_server: object, order: Order) -> Page:
    """The order on the packing table, signed in as a packer."""
    staff("ana", first_name="Ana")
    packer.sign_in(page, str(live_server), "ana")
    packer.scan_order(page, order.marketplace_order_id)
    return page


def packed() -> int:
    return sum(item.quantity for item in PackageItem.objects.all())


def test_an_error_stays_until_it_is_acknowledged_and_refuses_the_next_scan(table: Page) -> None:
    packer.scan(table, "3003")
    alarm = table.locator("#alarm")
    expect(alarm).to_be_visible()
    expect(alarm).to_contain_text("Stray")
    expect(table.locator("body")).to_have_attribute("data-tone", "wrong")
    # A scanner types fast: its Enter acknowledges nothing.
    packer.burst(table, "7891234567895")
    expect(alarm).to_be_visible()
    assert packed() == 0
    packer.acknowledge(table)
    expect(alarm).to_be_hidden()
    packer.scan(table, "7891234567895")
    assert packed() == 1


@pytest.mark.parametrize("how", ["Escape", "Enter", "button", "barcode"])
def test_an_error_is_acknowledged_by_key_touch_or_barcode(table: Page, how: str) -> None:
    packer.scan(table, "nonsense")
    if how == "button":
        table.locator("#alarm-ok").click()
    elif how == "barcode":
        packer.burst(table, "CMDOK")
    else:
        packer.acknowledge(table, how)
    expect(table.locator("#alarm")).to_be_hidden()
    expect(table.locator("#scan")).to_be_focused()


def test_right_wrong_too_many_and_done_sound_different(table: Page) -> None:
    heard = []
    for code in ("2002", "2002", "3003", "3*1001"):
        packer.scan(table, code)
        heard.append(table.locator("body").get_attribute("data-tone"))
        if table.locator("#alarm").is_visible():
            packer.acknowledge(table)
    assert heard == ["right", "many", "wrong", "done"]


def test_the_scan_box_catches_the_scanner_wherever_the_focus_is(table: Page) -> None:
    table.locator("button.step").first.focus()
    table.keyboard.type("2002")
    with table.expect_response(re.compile("/do/$")):
        table.keyboard.press("Enter")
    expect(table.locator("[data-ref='2002']")).to_have_class(re.compile("done"))


def test_a_scanner_without_enter_is_understood(table: Page) -> None:
    with table.expect_response(re.compile("/do/$")):
        packer.burst(table, "7891234567895", enter=False)
    expect(table.locator("[data-ref='1001'] .tally b")).to_have_text("1")


def test_a_code_typed_by_hand_is_not_sent_before_its_enter(table: Page) -> None:
    packer.by_hand(table, "7891234567895")
    table.wait_for_timeout(500)
    expect(table.locator("#scan")).to_have_value("7891234567895")
    assert packed() == 0


@pytest.mark.parametrize("enter", [True, False], ids=["enter", "silence"])
def test_a_scan_into_another_field_is_brought_back(table: Page, enter: bool) -> None:
    packer.scan(table, "2002")
    weight = table.locator("[name=weight_g]")
    weight.focus()
    packer.by_hand(table, "850")
    table.wait_for_timeout(100)
    with table.expect_response(re.compile("/do/$")):
        packer.burst(table, "7891234567895", enter=enter)
    expect(table.locator("[data-ref='1001'] .tally b")).to_have_text("1")
    expect(weight).to_have_value("")


def test_a_number_before_the_scan_counts_it_so_often(table: Page) -> None:
    table.keyboard.press("3")
    table.wait_for_timeout(300)
    with table.expect_response(re.compile("/do/$")):
        packer.burst(table, "7891234567895")
    expect(table.locator("[data-ref='1001'] .tally b")).to_have_text("3")


def test_a_scan_that_begins_before_the_scripts_ran_is_whole(table: Page, order: Order) -> None:
    packer.scan_while_opening(table, table.url, "7891234567895", script="table.js")
    expect(table.locator("[data-ref='1001'] .tally b")).to_have_text("1")
    queue = table.url.partition("/pack/")[0] + "/queue/"
    packer.scan_while_opening(table, queue, order.marketplace_order_id, script="queue.js")
    expect(table).to_have_url(re.compile("/pack/"))


def test_a_scanned_number_is_shown_and_counts_the_next_scan_only(table: Page) -> None:
    packer.burst(table, "CMDX2")
    expect(table.locator("#times")).to_have_text("× 2")
    packer.scan(table, "1001")
    expect(table.locator("#times")).to_be_hidden()
    packer.scan(table, "1001")
    assert packed() == 3


def test_plus_and_minus_count_what_was_scanned_last(table: Page) -> None:
    packer.scan(table, "1001")
    packer.command(table, "+")
    packer.command(table, "+")
    assert packed() == 3
    packer.command(table, "-")
    assert packed() == 2


def test_pasting_is_not_blocked(table: Page) -> None:
    table.locator("#scan").evaluate("box => { box.focus(); }")
    table.keyboard.insert_text("2002")
    with table.expect_response(re.compile("/do/$")):
        table.keyboard.press("Enter")
    assert packed() == 1


def test_a_code_typed_slowly_by_hand_is_no_command(table: Page, order: Order) -> None:
    a_sku("cn-7")
    packer.scan(table, "2002")
    for character in "cn-7":
        table.keyboard.press(character)
        table.wait_for_timeout(450)
    expect(table.locator("#scan")).to_have_value("cn-7")
    assert order.packages.get().status == "open"


def test_closing_asks_once_and_can_be_declined(table: Page, order: Order) -> None:
    packer.scan(table, "2002")
    table.keyboard.press("c")
    expect(table.locator("#sure")).to_contain_text("Close package 1 with 1 unit?")
    expect(table.locator("#sure")).to_contain_text("Invoice 1")
    table.keyboard.press("Escape")
    expect(table.locator("#sure")).to_be_hidden()
    assert not order.invoices.exists()
    assert packer.close_package(table) == "1"


def test_a_scan_over_the_question_is_a_scan_of_its_own(table: Page, order: Order) -> None:
    packer.scan(table, "2002")
    table.keyboard.press("c")
    expect(table.locator("#sure")).to_be_visible()
    packer.scan(table, "7891234567895")
    expect(table.locator("#sure")).to_be_hidden()
    expect(table.locator("#alarm")).to_be_hidden()
    assert packed() == 2
    assert order.packages.get().status == "open"


def test_a_key_walks_through_the_open_packages(table: Page) -> None:
    packer.scan(table, "2002")
    packer.command(table, "n")
    packer.scan(table, "1001")
    heading = table.locator(".package.current h2")
    for number in ("1", "2"):
        table.keyboard.press("s")
        expect(heading).to_have_text(f"Package {number}")


def test_who_is_signed_out_comes_back_to_the_order_by_signing_in(table: Page) -> None:
    packer.scan(table, "2002")
    table.context.clear_cookies(name="sessionid")
    packer.scan(table, "7891234567895")
    expect(table.locator("#alarm")).to_contain_text("You were signed out")
    packer.acknowledge(table)
    table.wait_for_url("**/login/?next=**")
    table.locator("[name=username]").fill("ana")
    table.locator("[name=password]").fill("password")
    table.keyboard.press("Enter")
    # What was scanned while nobody was signed in is counted now.
    expect(table.locator("[data-ref='1001'] .tally b")).to_have_text("1")
    assert packed() == 2


def test_delivered_asks_before_the_marketplace_is_told(table: Page, order: Order) -> None:
    packer.scan(table, "2002")
    packer.close_package(table)
    packer.type_into(table, "courier", "Correios")
    packer.type_into(table, "tracking_number", "QB123456785BR")
    with table.expect_response(re.compile("/do/$")):
        table.keyboard.press("Enter")
    package = order.packages.get()
    table.locator(".delivering summary").press("Enter")
    question = table.locator(".delivering p")
    expect(question).to_contain_text("can't be taken back")
    package.refresh_from_db()
    assert package.dispatched_at is not None and package.delivered_at is None
    with table.expect_response(re.compile("/do/$")):
        table.locator(".delivering button").press("Enter")
    package.refresh_from_db()
    assert package.delivered_at is not None


def test_an_invoice_number_is_scanned_into_its_field(table: Page, order: Order) -> None:
    packer.scan(table, "2002")
    packer.type_into(table, "number", "NF-55")
    table.keyboard.press("Enter")
    expect(table.locator("#said.done")).to_contain_text("NF-55")
    assert order.invoices.get().number == "NF-55"


def test_undo_new_box_and_help_by_keys(table: Page, order: Order) -> None:
    packer.scan(table, "2002")
    packer.command(table, "u")
    assert packed() == 0
    packer.scan(table, "2002")
    packer.command(table, "n")
    expect(table.locator(".package.current h2")).to_have_text("Package 2")
    table.keyboard.press("?")
    expect(table.locator("#help")).to_be_visible()
    table.keyboard.press("Escape")
    expect(table.locator("#help")).to_be_hidden()


@pytest.mark.parametrize("way", ["Escape", "k", "2002"])
def test_missing_units_asked_about_by_mistake_are_not_told(table: Page, way: str) -> None:
    missing = table.locator("#missing[open]")
    table.keyboard.press("k")
    expect(missing).to_be_visible()
    packer.burst(table, "CMDOK")
    expect(table.locator("#said")).to_have_text("There is nothing to confirm.")
    expect(missing).to_be_visible()
    if way == "2002":
        packer.scan(table, way)
    else:
        table.keyboard.press(way)
    expect(missing).to_have_count(0)
    expect(table.locator("#scan")).to_be_focused()
    assert not ShortPick.objects.exists()


def test_a_key_tapped_twice_is_meant_once(table: Page) -> None:
    packer.scan(table, "1001")
    packer.scan(table, "1001")
    with table.expect_response(re.compile("/do/$")):
        packer.burst(table, "uu", enter=False)
    packer.settled(table)
    expect(table.locator("#scan")).to_have_value("")
    assert packed() == 1


@pytest.mark.parametrize("enter", [False, True])
def test_every_press_of_a_counting_key_counts(table: Page, enter: bool) -> None:
    packer.scan(table, "1001")
    packer.burst(table, "++", enter=enter)
    expect(table.locator(".line", has_text="SKU 1001").locator(".tally b")).to_have_text("3")
    packer.burst(table, "-+--", enter=enter)
    expect(table.locator(".line", has_text="SKU 1001").locator(".tally b")).to_have_text("1")
    packer.settled(table)
    expect(table.locator("#scan")).to_have_value("")
    assert packed() == 1


def test_a_command_that_cannot_be_obeyed_is_told_in_words(table: Page) -> None:
    packer.burst(table, "CMDREOPEN")
    expect(table.locator("#said.wrong")).to_have_text("That is not possible right now.")


def test_a_key_moves_the_last_unit_into_another_package(table: Page) -> None:
    packer.scan(table, "1001")
    packer.scan(table, "1001")
    packer.command(table, "m")
    expect(table.locator("#said")).to_contain_text("Now in package 2")
    inside = {item.package.number: item.quantity for item in PackageItem.objects.all()}
    assert inside == {1: 1, 2: 1}


def test_a_cut_connection_loses_nothing_and_counts_nothing_twice(table: Page) -> None:
    """The first answer is dropped after the portal has acted, then the line is dead for a while."""
    attempts: list[str] = []

    def cut(route: Route) -> None:
        attempts.append(route.request.post_data or "")
        if len(attempts) == 1:
            route.fetch()  # it arrived; the answer did not
        if len(attempts) <= 2:
            route.abort()
        else:
            route.continue_()

    table.route(re.compile("/do/$"), cut)
    packer.burst(table, "7891234567895")
    expect(table.locator("#offline")).to_be_visible()
    packer.burst(table, "2002")
    expect(table.locator("#pending")).to_have_text("Waiting to be sent: 2")
    expect(table.locator("[data-ref='1001'] .tally b")).to_have_text("1")
    expect(table.locator("[data-ref='2002'] .tally b")).to_have_text("1")
    expect(table.locator("#offline")).to_be_hidden()
    assert attempts[0] == attempts[1] == attempts[2]
    assert packed() == 2


def test_what_a_crash_left_unsent_is_counted_when_the_order_is_opened_again(table: Page) -> None:
    packer.scan(table, "2002")
    table.route(re.compile("/do/$"), lambda route: route.abort())
    packer.burst(table, "7891234567895")
    expect(table.locator("#offline")).to_be_visible()
    address, context = table.url, table.context
    table.close(run_before_unload=False)
    again = context.new_page()
    again.goto(address)
    expect(again.locator("[data-ref='1001'] .tally b")).to_have_text("1")
    assert packed() == 2


def test_who_comes_back_after_a_crash_is_told_that_the_session_was_recovered(table: Page) -> None:
    packer.scan(table, "2002")
    address, context = table.url, table.context
    table.close(run_before_unload=False)
    again = context.new_page()
    again.goto(address)
    expect(again.locator("#said")).to_contain_text("Your session was recovered: 1 of 4 are packed.")


def test_a_second_packer_is_told_who_is_there_and_takes_over_with_one_key(
    table: Page, colleague: Page, live_server: object, order: Order
) -> None:
    packer.scan(table, "2002")
    staff("bia", first_name="Bia")
    other = colleague
    packer.sign_in(other, str(live_server), "bia")
    packer.scan_order(other, order.marketplace_order_id)
    expect(other.locator(".taken")).to_contain_text("Ana is packing this order since")
    packer.scan(other, "1001")
    expect(other.locator("#alarm")).to_contain_text("Ana is packing this order")
    packer.acknowledge(other)
    packer.command(other, "t")
    packer.scan(other, "1001")
    packer.scan(table, "1001")
    expect(table.locator("#alarm")).to_contain_text("Bia is packing this order")
    assert packed() == 2


def test_two_packers_at_one_order_never_pack_a_unit_twice(table: Page, order: Order) -> None:
    second = table.context.new_page()
    second.goto(table.url)
    packer.scan(table, "2002")
    packer.scan(second, "2002")
    expect(second.locator("#alarm")).to_contain_text("too many")
    assert packed() == 1


def test_mute_is_kept_with_the_person(table: Page) -> None:
    with table.expect_response(re.compile("/settings/$")):
        table.keyboard.press("q")
    table.evaluate("localStorage.clear()")
    table.reload()
    expect(table.locator("#mute")).to_have_attribute("aria-pressed", "true")


def test_works_without_scripts(table: Page, order: Order) -> None:
    table.route(re.compile(r"\.js$"), lambda route: route.abort())
    table.reload()
    table.locator("#scan").fill("2002")
    table.keyboard.press("Enter")
    expect(table.locator("#said")).to_contain_text("1 of 1: Mug")
    table.locator(".package button.primary").click()
    expect(table.locator("#said")).to_contain_text("closed with invoice 1")
    assert order.invoices.count() == 1


@pytest.mark.parametrize("size", [TABLET, UPRIGHT], ids=["lying", "upright"])
@pytest.mark.parametrize("language", ["en", "pt-br"])
def test_nothing_is_cut_or_too_small_to_touch(
    page: Page, live_server: object, order: Order, size: ViewportSize, language: str
) -> None:
    """As a manager sees it, who sees most: two packages side by side and their arithmetic."""
    staff("mia", role="Manager", language=language, first_name="Mia", last_name="Albuquerque")
    page.set_viewport_size(size)
    packer.sign_in(page, str(live_server), "mia")
    assert page.evaluate(_WIDER_THAN_ITS_PLACE) == []
    packer.scan_order(page, order.marketplace_order_id)
    packer.scan(page, "1001")
    packer.command(page, "n")
    packer.scan(page, "2002")
    for summary in page.locator("summary").all():
        summary.click()
    assert page.evaluate(_WIDER_THAN_ITS_PLACE) == []
    assert page.evaluate(_SMALL_TARGETS) == []
    packer.close_package(page)
    page.reload()
    assert page.evaluate(_WIDER_THAN_ITS_PLACE) == []
    assert page.evaluate(_SMALL_TARGETS) == []


_WIDER_THAN_ITS_PLACE = """() => {
  const edge = document.documentElement.clientWidth + 1;
  const cut = (e) => e.matches("section, article, form, header, main, li")
    && e.scrollWidth > e.clientWidth + 2;
  return [...document.querySelectorAll("body *")]
    .filter((e) => e.offsetParent && (e.getBoundingClientRect().right > edge || cut(e)))
    .map((e) => e.outerHTML.slice(0, 120));
}"""
# A box to tick is ticked by its words as well.
_SMALL_TARGETS = """() => [...document.querySelectorAll("button, a, input, summary")]
  .filter((e) => e.offsetParent && e.type !== "hidden")
  .map((e) => e.matches("[type=checkbox], [type=radio]") ? e.closest("label") ?? e : e)
  .filter((e) => e.getBoundingClientRect().height < 43.5)
  .map((e) => e.outerHTML.slice(0, 120))"""
