"""Counting by scanning: what differs, what picking meanwhile does to it, and what it may not do."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from invoicing import packing
from invoicing.models import StockCount
from orders.auditing import findings
from orders.models import Order
from sellers.models import CaseBarcode, StockLevel, StockMovement
from tests.builders import Line, a_seller, a_sku, a_warehouse, an_order, staff
from tests.invoicing.walking import Picker
from tests.orders.conftest import fill

pytestmark = pytest.mark.django_db


class Counter:
    """Somebody at the shelves."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def begin(self, place: str = "") -> StockCount:
        form = {"warehouse": a_warehouse().pk, "bin": place}
        answer = self.client.post(reverse("admin:stock_counts"), form)
        self.count = StockCount.objects.latest("pk")
        assert answer.headers["Location"] == reverse("admin:stock_count", args=[self.count.pk])
        return self.count

    def do(self, action: str, *, key: str = "", **fields: Any) -> dict[str, Any]:
        form = {"action": action, "gesture": key or uuid4().hex} | fields
        url = reverse("admin:stock_count_do", args=[self.count.pk])
        answer = self.client.post(url, form, headers={"X-Requested-With": "fetch"})
        assert answer.status_code == 200, answer.content
        said: dict[str, Any] = json.loads(answer.content)
        return said

    def scan(self, code: str) -> dict[str, Any]:
        return self.do("scan", code=code)

    def page(self) -> str:
        return self.client.get(reverse("admin:stock_count", args=[self.count.pk])).content.decode()


@pytest.fixture
def ana(client: Client) -> Counter:
    client.force_login(staff("ana", first_name="Ana"))
    return Counter(client)


@pytest.fixture
def mia() -> Counter:
    client = Client()
    client.force_login(staff("mia", role="Manager", first_name="Mia"))
    return Counter(client)


@pytest.fixture
def mugs(db: None) -> int:
    """Ten of SKU 1001 in A-1."""
    fill("1001", 10, name="Mug", ean="7891234567895", bin_location="A-1")
    return a_sku("1001").pk


def level() -> tuple[int, int]:
    found = StockLevel.objects.get(sku__ref="1001")
    return found.on_hand, found.held


def test_scans_add_up_and_a_case_counts_its_units(ana: Counter, mugs: int) -> None:
    CaseBarcode.objects.create(sku_id=mugs, barcode="CASE-6", units=6)
    ana.begin()
    ana.scan("7891234567895")
    ana.scan("2*1001")
    said = ana.scan("CASE-6")
    assert said["text"] == "9: Mug"
    assert "1 fewer" in ana.page()
    assert level() == (10, 0)


def test_what_strayed_from_another_shelf_is_not_counted_here(ana: Counter, mugs: int) -> None:
    fill("2002", 12, name="Plate", bin_location="C-08")
    fill("3003", 1, name="New")
    ana.begin("A-")
    said = ana.scan("2002")
    assert (said["refused"], said["tone"]) == (True, "wrong")
    assert said["text"] == "“Plate” belongs to C-08, not here."
    assert [ana.scan(code)["refused"] for code in ("1001", "3003")] == [False, False]
    ana.do("hand-in")
    assert sorted(ana.count.counted.values_list("sku__ref", flat=True)) == ["1001", "3003"]


@pytest.mark.parametrize("place", ["", "c-0"])
def test_a_count_takes_what_belongs_where_it_counts(ana: Counter, mugs: int, place: str) -> None:
    fill("2002", 12, name="Plate", bin_location="C-08")
    ana.begin(place)
    assert ana.scan("2002")["text"] == "1: Plate"


def test_a_repeated_scan_counts_once(ana: Counter, mugs: int) -> None:
    ana.begin()
    for _time in range(3):
        ana.do("scan", code="1001", key="the-same-gesture")
    assert ana.count.counted.get().units == 1


def test_a_manager_records_all_differences_at_once(ana: Counter, mia: Counter, mugs: int) -> None:
    fill("2002", 4, name="Plate")
    mia.count = ana.begin()
    ana.scan("8*1001")
    ana.do("put", sku=a_sku("2002").pk, units=5)
    assert ana.do("hand-in")["goto"] == reverse("admin:stock_counts")
    desk = mia.client.get(reverse("admin:stock_counts")).content.decode()
    assert "handed in: to be recorded" in desk
    assert "2 items are corrected: 1 more, 2 fewer." in mia.page()
    said = mia.do("record")
    assert said["text"] == "Recorded: 2 items counted, 2 corrected."
    rows = StockMovement.objects.filter(kind="count").order_by("level__sku__ref")
    assert [(row.level.sku.ref, row.on_hand_change, str(row.actor)) for row in rows] == [
        ("1001", -2, "mia"),
        ("2002", 1, "mia"),
    ]
    assert {row.note for row in rows} == {f"{mia.count} by Ana"}
    assert list(findings(now=timezone.now())) == []


def test_who_only_packs_counts_and_does_not_record(ana: Counter, mugs: int) -> None:
    ana.begin()
    ana.scan("1001")
    url = reverse("admin:stock_count_do", args=[ana.count.pk])
    answer = ana.client.post(url, {"action": "record", "gesture": uuid4().hex})
    assert answer.status_code == 403
    assert level() == (10, 0)
    assert "Record the count" not in ana.page() and "Hand in the count" in ana.page()


def test_a_count_that_matches_leaves_no_row(mia: Counter, mugs: int) -> None:
    mia.begin()
    mia.scan("10*1001")
    assert "as in the books" in mia.page()
    mia.do("record")
    assert not StockMovement.objects.filter(kind="count").exists()


def test_what_lies_in_totes_and_boxes_is_not_missed(mia: Counter, mugs: int) -> None:
    picked, packed = order(2), order(1)
    walker = Picker(mia.client)
    walker.start(picked)
    walker.scan("2*1001")
    now = timezone.now()
    package = packing.open_package(order=packed, now=now, actor=None)
    packing.put(package=package, line=packed.lines.get(), quantity=1, now=now, actor=None)
    mia.begin()
    mia.scan("7*1001")
    assert "as in the books" in mia.page()
    mia.do("record")
    assert level() == (10, 3)


def order(quantity: int) -> Order:
    return an_order(Line("1001", quantity), due_at=timezone.now() + timedelta(hours=2))


def test_what_is_taken_after_it_was_counted_is_no_difference(mia: Counter, mugs: int) -> None:
    sold = order(3)
    mia.begin()
    mia.scan("9*1001")
    now = timezone.now()
    package = packing.open_package(order=sold, now=now, actor=None)
    packing.put(package=package, line=sold.lines.get(), quantity=3, now=now, actor=None)
    packing.close(package=package, now=now, actor=None)
    assert "1 fewer" in mia.page()
    mia.do("record")
    assert level() == (6, 0)


def test_an_order_with_two_lines_of_an_item_is_named_once(mia: Counter, mugs: int) -> None:
    twice = an_order(Line("1001", 2), Line("1001", 3))
    mia.begin()
    mia.scan("1001")
    assert mia.page().count(f"{twice.seller_order_id} (5)") == 1


def test_the_books_never_fall_below_what_is_promised_and_it_is_explained(
    mia: Counter, mugs: int
) -> None:
    first, second = order(5), order(3)
    mia.begin()
    mia.scan("6*1001")
    page = mia.page()
    assert "2 units are promised and not there" in page
    assert first.seller_order_id in page and second.seller_order_id in page
    assert "The books stay at 8, so that nothing more is sold." in page
    mia.do("record")
    assert level() == (8, 8)
    note = StockMovement.objects.get(kind="count").note
    assert "2 promised units were not found" in note
    assert list(findings(now=timezone.now())) == []


def test_missing_units_are_no_matter_of_orders_that_have_theirs(mia: Counter, mugs: int) -> None:
    packed, in_part, waiting = order(3), order(2), order(4)
    now = timezone.now()
    for begun, units in ((packed, 3), (in_part, 1)):
        package = packing.open_package(order=begun, now=now, actor=None)
        packing.put(package=package, line=begun.lines.get(), quantity=units, now=now, actor=None)
    mia.begin()
    mia.scan("2*1001")
    page = mia.page()
    assert "3 units are promised and not there" in page
    assert packed.seller_order_id not in page
    assert f"{in_part.seller_order_id} (1)" in page
    assert f"{waiting.seller_order_id} (4)" in page


def test_what_the_books_do_not_know_of_is_found(mia: Counter) -> None:
    a_sku("new", on_hand=0)
    a_warehouse()
    mia.begin()
    mia.scan("4*new")
    mia.do("record")
    assert StockLevel.objects.get(sku__ref="new").on_hand == 4


def test_a_place_lists_what_is_not_counted_yet_in_natural_order(ana: Counter, mugs: int) -> None:
    fill("2002", 1, bin_location="A-10")
    fill("3003", 1, bin_location="A-2")
    fill("4004", 1, bin_location="B-1")
    fill("5005", 0, bin_location="A-3")
    ana.begin("A-")
    assert re.findall(r'data-uncounted="([^"]+)"', ana.page()) == ["1001", "3003", "2002"]
    ana.do("put", sku=a_sku("3003").pk, units=0)
    assert re.findall(r'data-uncounted="([^"]+)"', ana.page()) == ["1001", "2002"]
    assert "1 fewer" in ana.page()


def test_a_number_is_set_and_a_mistake_forgotten(ana: Counter, mugs: int) -> None:
    ana.begin()
    ana.scan("1001")
    ana.do("put", sku=mugs, units=12)
    assert "2 more" in ana.page()
    ana.do("forget", sku=mugs)
    assert not ana.count.counted.exists()
    assert ana.do("hand-in")["refused"]


@pytest.mark.parametrize(
    ("action", "fields"),
    [
        ("scan", {"code": "no-such"}),
        ("scan", {"code": ""}),
        ("scan", {"code": "9999*99999999"}),
        ("put", {"sku": "1", "units": ""}),
        ("put", {"sku": "1", "units": "-1"}),
        ("put", {"sku": "999999", "units": "1"}),
        ("record", {}),
        ("explode", {}),
    ],
)
def test_what_makes_no_sense_is_refused(
    mia: Counter, mugs: int, action: str, fields: dict[str, str]
) -> None:
    mia.begin()
    assert mia.do(action, **fields)["refused"]
    assert not mia.count.counted.exists() and level() == (10, 0)


def test_items_of_another_seller_are_unknown(ana: Counter, mugs: int) -> None:
    a_sku("theirs", account=a_seller("rival"))
    ana.begin()
    assert ana.scan("theirs")["refused"]


def test_a_count_that_is_over_takes_nothing_more(mia: Counter, mugs: int) -> None:
    mia.begin()
    mia.scan("9*1001")
    assert mia.do("record", key="the-same-record")["refused"] is False
    assert mia.do("record", key="the-same-record")["refused"] is False
    assert mia.do("record")["refused"] and mia.scan("1001")["refused"]
    assert level() == (9, 0)
    mia.begin()
    mia.scan("1001")
    mia.do("drop")
    assert mia.do("record")["refused"]
    assert level() == (9, 0)


def test_strangers_see_no_counts(mugs: int) -> None:
    client = Client()
    user = staff("eva")
    user.groups.clear()
    client.force_login(user)
    assert client.get(reverse("admin:stock_counts")).status_code == 403
