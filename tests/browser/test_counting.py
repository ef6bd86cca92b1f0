"""A shelf counted in a real browser: scanner and keys alone, in Portuguese."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from invoicing.models import StockCount
from sellers.models import CaseBarcode, StockLevel
from tests.browser import packer
from tests.builders import a_sku, staff

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("roles"),
]
MUG, PLATE = "7891234567895", "7891234567901"


@pytest.fixture
def desk(page: Page, live_server: object, roles: None) -> Page:
    a_sku("1001", name="Caneca", ean=MUG, bin_location="A-10", on_hand=4)
    plate = a_sku("2002", name="Prato", ean=PLATE, bin_location="A-2", on_hand=6)
    CaseBarcode.objects.create(sku=plate, barcode="17891234567908", units=6)
    staff("mara", role="Manager", first_name="Mara", language="pt-br")
    packer.sign_in(page, str(live_server), "mara")
    page.goto(f"{live_server}/admin/invoicing/package/counts/")
    return page


def test_an_aisle_is_counted_and_recorded_without_a_mouse(desk: Page) -> None:
    desk.keyboard.type("A-")
    desk.keyboard.press("Enter")
    desk.wait_for_url(re.compile(r"/counts/\d+/$"))
    expect(desk.locator("body[data-ready]")).to_be_visible()
    packer.settled(desk)
    expect(desk.locator("[data-uncounted]")).to_have_count(2)
    packer.burst(desk, "CMDUNDO")
    expect(desk.locator("#said.wrong")).to_have_text("Isso não é possível agora.")
    packer.scan(desk, "17891234567908")
    expect(desk.locator("[data-current] .difference")).to_contain_text("como no sistema")
    packer.scan(desk, "7890000000000")
    packer.acknowledge(desk)
    packer.scan(desk, f"3*{MUG}")
    expect(desk.locator("[data-current] .difference")).to_contain_text("1 a menos")
    expect(desk.locator("[data-uncounted]")).to_have_count(0)
    desk.keyboard.press("f")
    expect(desk.locator("#finish button")).to_be_focused()
    desk.keyboard.press("Enter")
    desk.wait_for_url(re.compile(r"/counts/$"))
    count = StockCount.objects.get()
    assert count.recorded_at is not None
    levels = dict(StockLevel.objects.values_list("sku__ref", "on_hand"))
    assert levels == {"1001": 3, "2002": 6}
