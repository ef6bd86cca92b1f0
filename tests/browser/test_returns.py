"""The returns desk in a real browser: scanner and command sheet alone, no mouse, nothing typed."""

from __future__ import annotations

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from invoicing import packing
from invoicing.models import Return
from orders.models import Order
from sellers.models import CaseBarcode, OutboxMessage, StockLevel
from tests.browser import packer
from tests.builders import Line, a_sku, an_order, staff

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("roles")]
MUG, SHIRT, CASE = "7891234567901", "7891234567895", "17891234567892"


@pytest.fixture
def sold(roles: None) -> Order:
    """Seven mugs and a shirt, packed and invoiced with NF-9."""
    now = timezone.now()
    CaseBarcode.objects.create(sku=a_sku("2002", ean=MUG, name="Mug"), barcode=CASE, units=6)
    a_sku("1001", ean=SHIRT, name="Shirt")
    order = an_order(Line("2002", 7), Line("1001"), now=now)
    package = packing.open_package(order=order, now=now, actor=None)
    for line in order.lines.all():
        packing.put(package=package, line=line, quantity=line.quantity, now=now, actor=None)
    packing.close(package=package, number="NF-9", now=now, actor=None)
    OutboxMessage.objects.update(status="delivered", applied="applied")
    return order


@pytest.fixture
def desk(page: Page, live_server: object, sold: Order) -> Page:
    staff("ana", first_name="Ana")
    packer.sign_in(page, str(live_server), "ana")
    page.goto(f"{live_server}/admin/invoicing/package/returns/")
    expect(page.locator("body[data-ready]")).to_be_visible()
    return page


def open_by(page: Page, code: str) -> None:
    packer.burst(page, code)
    expect(page.locator("#arrivals")).to_be_visible()
    expect(page.locator("body[data-ready]")).to_be_visible()


def entered(page: Page) -> list[str]:
    """Units for the shelf and for scrap, line by line."""
    fields = page.locator("#arrivals .units input")
    values: list[str] = fields.evaluate_all("all => all.map(one => one.value)")
    return values


def test_goods_are_found_counted_and_received_by_scanner_alone(desk: Page) -> None:
    open_by(desk, "NF-9")
    packer.burst(desk, CASE)
    packer.burst(desk, "CMDSCRAP")
    packer.burst(desk, MUG)
    packer.burst(desk, "CMDSHELF")
    packer.burst(desk, SHIRT, enter=False)
    expect(desk.locator("#said.done")).to_be_visible()
    assert entered(desk) == ["6", "1", "1", ""]
    packer.burst(desk, "CMDCLOSE")
    expect(desk.locator("#question")).to_contain_text("Damaged")
    expect(desk.locator("body[data-ready]")).to_be_visible()
    packer.burst(desk, SHIRT)
    expect(desk.locator("#question")).to_be_visible()
    assert not Return.objects.exists()
    packer.burst(desk, "CMDOK")
    expect(desk.locator(".note")).to_contain_text("The goods are received.")
    taken_in = Return.objects.get()
    items = [(i.line.ref, i.quantity, i.scrap_reason) for i in taken_in.items.order_by("pk")]
    assert items == [("2002", 6, ""), ("2002", 1, "Damaged"), ("1001", 1, "")]
    assert StockLevel.objects.get(sku__ref="1001").on_hand == 100
    desk.go_back()
    expect(desk.locator(".note")).to_contain_text("These goods are received already.")
    assert Return.objects.count() == 1


def test_what_does_not_come_from_the_order_is_refused_until_acknowledged(desk: Page) -> None:
    open_by(desk, MUG)
    packer.burst(desk, SHIRT)
    packer.burst(desk, SHIRT)
    expect(desk.locator("#alarm.many")).to_contain_text("No more of “Shirt” can come back.")
    packer.burst(desk, MUG)
    assert entered(desk) == ["", "", "1", ""]
    packer.burst(desk, "CMDOK")
    packer.burst(desk, "7890000000000")
    expect(desk.locator("#alarm.wrong")).to_contain_text("7890000000000")
    packer.acknowledge(desk)
    packer.burst(desk, "CMDUNDO")
    assert entered(desk) == ["", "", "", ""]


def test_keys_do_what_the_sheet_does(desk: Page) -> None:
    desk.keyboard.press("?")
    expect(desk.locator("#help")).to_be_visible()
    expect(desk.locator("#help")).not_to_contain_text("goes to scrap")
    open_by(desk, "NF-9")
    desk.keyboard.press("?")
    expect(desk.locator("#help")).to_contain_text("goes to scrap")
    desk.keyboard.press("Escape")
    expect(desk.locator("#help")).to_be_hidden()
    desk.keyboard.press("x")
    expect(desk.locator("#goes.scrap")).to_be_visible()
    packer.burst(desk, SHIRT)
    desk.keyboard.press("c")
    expect(desk.locator("#question")).to_be_visible()
    expect(desk.locator("body[data-ready]")).to_be_visible()
    desk.keyboard.press("Escape")
    expect(desk.locator("#arrivals")).to_be_visible()
    assert not Return.objects.exists()
