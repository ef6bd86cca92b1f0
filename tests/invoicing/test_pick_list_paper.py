"""A pick list on paper: every shelf with its barcode, every order with its box; on record."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from invoicing.models import PickList, Print
from invoicing.picking.sheet import Sheet, SheetRow, SheetShare, SheetSlot
from invoicing.printing.pick_list_pdf import draw_pick_list
from sellers.models import Sku, User
from tests.builders import NOW, Line, an_order, staff
from tests.invoicing.paper import codes, pages, sizes_mm
from tests.invoicing.walking import Picker

pytestmark = pytest.mark.django_db


@pytest.fixture
def walk(client: Client) -> PickList:
    """Two orders that share an item."""
    client.force_login(staff("ana", first_name="Ana"))
    orders = [
        an_order(Line("1001", quantity=2), Line("2002")),
        an_order(Line("1001", quantity=3)),
    ]
    Sku.objects.filter(ref="1001").update(bin_location="A-03", ean="7891234567895")
    Sku.objects.filter(ref="2002").update(bin_location="B-01")
    found = Picker(client).start(*orders)
    assert found is not None
    return found


def printed(client: Client, walk: PickList, form: str = "pdf") -> bytes:
    response = client.post(reverse("admin:pick_print", args=[walk.pk]), {"form": form})
    assert response.status_code == 200
    return bytes(response.content)


def test_merges_equal_items_and_says_for_which_order(client: Client, walk: PickList):
    paper = printed(client, walk)
    text = pages(paper)[0]
    assert sizes_mm(paper) == [(210, 297)]
    assert "A-03" in text and "B-01" in text
    assert "1×2" in text and "2×3" in text
    assert all(slot.order.marketplace_order_id in text for slot in walk.slots.all())
    assert text.index("A-03") < text.index("B-01")


def test_its_barcodes_open_the_list_and_scan_the_item(client: Client, walk: PickList):
    found = codes(printed(client, walk))
    assert {str(walk), "7891234567895", "2002"} <= found


def test_its_prints_are_counted_on_screen_and_as_pdf(client: Client, walk: PickList):
    printed(client, walk)
    printed(client, walk, form="html")
    rows = Print.objects.order_by("id").values_list("kind", "form", "subject", "copy")
    subject = f"pick-list/{walk.pk}"
    assert list(rows) == [("pick-list", "pdf", subject, 1), ("pick-list", "html", subject, 2)]


def test_only_who_packs_prints_it(client: Client, walk: PickList):
    client.force_login(User.objects.create_user("ben", is_staff=True))
    assert client.post(reverse("admin:pick_print", args=[walk.pk])).status_code == 403


def test_a_long_walk_goes_on_over_the_page_and_loses_no_slot():
    rows = [
        SheetRow(
            aisle=f"{'ABC'[n // 20]}",
            bin=f"{'ABC'[n // 20]}-{n:02d}",
            barcode=f"10{n:02d}",
            ref=f"10{n:02d}",
            ref_code="",
            ean="",
            name=f"Item {n}",
            quantity=12,
            shares=[SheetShare(slot, 1) for slot in range(1, 13)],
        )
        for n in range(45)
    ]
    slots = [SheetSlot(n, f"77{n}-01", "R-X", f"T{n}", NOW, 45) for n in range(1, 13)]
    sheet = Sheet("L-7", "Acme", "America/Sao_Paulo", "SP", "Ana", NOW, 540, rows, slots)
    with translation.override("en"):
        texts = pages(draw_pick_list(sheet, margin=14, now=NOW))
    assert len(texts) > 2
    assert all("L-7" in text for text in texts)
    whole = "\n".join(texts)
    assert all(f"Item {n}" in whole for n in range(45))
    assert whole.count("12×1") == 45
