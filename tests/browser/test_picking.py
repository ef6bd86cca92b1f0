"""The queue and a walk in a real browser: scanner and keys alone, in Portuguese."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, ViewportSize, expect

from invoicing.models import Pick, PickList, ShortPick
from orders.models import Order
from sellers.models import CaseBarcode
from tests.browser import packer
from tests.browser.chromium import TABLET, UPRIGHT
from tests.builders import Line, a_sku, an_order, staff

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("roles"),
]
MUG, PLATE = "7891234567895", "7891234567901"


def due(hours: float, *lines: Line) -> Order:
    return an_order(*lines, due_at=timezone.now() + timedelta(hours=hours))


@pytest.fixture
def goods(roles: None) -> None:
    a_sku("1001", name="Caneca", ean=MUG, bin_location="A-10")
    plate = a_sku("2002", name="Prato", ean=PLATE, bin_location="A-2")
    CaseBarcode.objects.create(sku=plate, barcode="17891234567908", units=6)


@pytest.fixture
def queue(page: Page, live_server: object, goods: None) -> Page:
    staff("iara", first_name="Iara", language="pt-br")
    packer.sign_in(page, str(live_server), "iara")
    return page


def start(page: Page) -> None:
    """P on the queue: the orders due soonest."""
    page.keyboard.press("p")
    page.wait_for_url(re.compile(r"/picking/\d+/$"))
    expect(page.locator("body[data-ready]")).to_be_visible()


def picked() -> int:
    return sum(Pick.objects.filter(gesture__undone_at=None).values_list("quantity", flat=True))


@pytest.mark.parametrize("size", [TABLET, UPRIGHT], ids=["lying", "upright"])
def test_a_walk_from_the_queue_to_the_totes_without_a_mouse(
    queue: Page, size: ViewportSize
) -> None:
    first, second = due(1, Line("1001", 2), Line("2002", 6)), due(2, Line("1001", 3))
    queue.set_viewport_size(size)
    queue.reload()
    expect(queue.locator("#scan")).to_be_focused()
    start(queue)
    packer.settled(queue)
    # Totes, one slot after the other.
    queue.keyboard.press("t")
    expect(queue.locator("[data-slot='1'] input[name=tote]")).to_be_focused()
    for tote in ("CX-1", "CX-2"):
        with queue.expect_response(re.compile("/do/$")):
            queue.keyboard.type(tote)
            queue.keyboard.press("Enter")
        packer.settled(queue)
    expect(queue.locator("#scan")).to_be_focused()
    # A-2 comes before A-10, and a case counts its units.
    expect(queue.locator("[data-current] .bin")).to_have_text("A-2")
    packer.scan(queue, "17891234567908")
    expect(queue.locator("#said .goes")).to_have_text("→ vaga 1 ×6")
    packer.scan(queue, f"2*{MUG}")
    packer.scan(queue, MUG)
    expect(queue.locator("#said .goes")).to_have_text("→ vaga 2")
    # Two are missing; the reason is the third.
    queue.keyboard.press("k")
    expect(queue.locator("[name=quantity]:focus")).to_have_value("2")
    queue.keyboard.press("Tab")
    queue.keyboard.type("3")
    with queue.expect_response(re.compile("/do/$")):
        queue.wait_for_timeout(150)
        queue.keyboard.press("Enter")
    packer.settled(queue)
    short = ShortPick.objects.get()
    assert (short.order, short.quantity, short.reason) == (second, 2, "damaged")
    expect(queue.locator(".shelves .next")).to_contain_text("Não há mais nada a separar.")
    queue.keyboard.press("f")
    expect(queue.locator("#finish button")).to_be_focused()
    queue.keyboard.press("Enter")
    queue.wait_for_url("**/queue/")
    assert PickList.objects.get().finished_at is not None
    expect(queue.locator(f"[data-order='{first}'] .status")).to_contain_text("caixa CX-1")
    expect(queue.locator(f"[data-order='{second}'] .status")).to_contain_text("faltam unidades")
    packer.scan_order_by(queue, "CX-1", first.marketplace_order_id)


def test_the_wrong_item_stops_everything_until_it_is_acknowledged(queue: Page) -> None:
    due(1, Line("1001", 2))
    start(queue)
    packer.scan(queue, PLATE)
    alarm = queue.locator("#alarm")
    expect(alarm).to_contain_text("“Prato” não está nesta lista.")
    expect(alarm).to_contain_text("A-10")
    packer.burst(queue, MUG)
    expect(alarm).to_be_visible()
    assert picked() == 0
    packer.acknowledge(queue)
    packer.scan(queue, MUG)
    assert picked() == 1
    packer.scan(queue, f"5*{MUG}")
    expect(queue.locator("body")).to_have_attribute("data-tone", "many")


def test_a_scan_while_a_reason_is_chosen_is_a_pick_and_no_reason(queue: Page) -> None:
    due(1, Line("1001", 2))
    start(queue)
    queue.keyboard.press("k")
    expect(queue.locator("[name=quantity]:focus")).to_be_visible()
    with queue.expect_response(re.compile("/do/$")):
        packer.burst(queue, MUG)
    packer.settled(queue)
    assert picked() == 1 and not ShortPick.objects.exists()


def test_all_of_a_shelf_and_undo_by_one_key_each(queue: Page) -> None:
    due(1, Line("1001", 7))
    start(queue)
    packer.command(queue, "a")
    assert picked() == 7
    packer.command(queue, "u")
    assert picked() == 0
    expect(queue.locator("[data-current] .tally b")).to_have_text("0")


def test_the_command_sheet_finishes_undoes_and_reports(queue: Page) -> None:
    due(1, Line("1001", 2))
    start(queue)
    packer.scan(queue, f"2*{MUG}")
    packer.scan(queue, "CMDUNDO")
    assert picked() == 0
    packer.burst(queue, "CMDCLOSE")
    expect(queue.locator("#finish")).to_have_attribute("open", "")
    queue.keyboard.press("Escape")
    packer.scan(queue, f"2*{MUG}")
    packer.burst(queue, "CMDCLOSE")
    queue.wait_for_url("**/queue/")
    assert PickList.objects.get().finished_at is not None


def test_orders_are_chosen_by_arrows_and_the_space_bar(queue: Page) -> None:
    first, second, third = due(1), due(2), due(3)
    queue.reload()
    for key in ("ArrowDown", "Space", "ArrowDown", "ArrowDown", "Space", "Escape"):
        queue.keyboard.press(key)
    expect(queue.locator("#pick-chosen")).to_be_visible()
    start(queue)
    chosen = [slot.order for slot in PickList.objects.get().slots.order_by("number")]
    assert chosen == [first, third]
    second.refresh_from_db()
    assert second.status == "authorized"


def test_somebody_elses_list_is_taken_over_by_one_key(
    queue: Page, colleague: Page, live_server: object
) -> None:
    due(1, Line("1001", 2))
    start(queue)
    address, other = queue.url, colleague
    staff("ivo", first_name="Ivo")
    packer.sign_in(other, str(live_server), "ivo")
    other.goto(address)
    expect(other.locator(".others-list")).to_contain_text("Iara is walking with this list.")
    packer.command(other, "o")
    packer.scan(other, MUG)
    packer.scan(queue, MUG)
    expect(queue.locator("#alarm")).to_contain_text("Esta lista está com Ivo")
    assert picked() == 1


def test_a_cancelled_order_interrupts_the_walk_by_itself(queue: Page) -> None:
    order = due(1, Line("1001", 2))
    start(queue)
    packer.scan(queue, MUG)
    Order.objects.filter(pk=order.pk).update(status="cancel-requested")
    with queue.expect_response(re.compile("/state/$")):
        pass
    expect(queue.locator("[data-slot='1'] .why")).to_contain_text("cancelamento")


def test_new_work_appears_and_the_clock_runs_without_reloading(queue: Page) -> None:
    queue.clock.install()
    soon = due(1.02)
    queue.reload()
    card = queue.locator(f"li:has([data-order='{soon}'])")
    expect(card).to_have_class(re.compile("calm"))
    queue.clock.fast_forward(3 * 60_000)
    expect(card).to_have_class(re.compile("soon"))
    expect(card.locator(".sign")).to_have_text("◆")
    queue.clock.fast_forward(59 * 60_000)
    expect(card).to_have_class(re.compile("late"))
    expect(card.locator(".time")).to_contain_text("atrasado")
    fresh = due(5)
    queue.clock.fast_forward(16_000)
    expect(queue.locator(f"[data-order='{fresh}']")).to_be_visible()
    expect(queue.locator("#news")).to_have_text("Mais um pedido")
    Order.objects.filter(pk=fresh.pk).update(status="cancelled")
    queue.clock.fast_forward(16_000)
    expect(queue.locator(f"[data-order='{fresh}']")).to_have_count(0)
