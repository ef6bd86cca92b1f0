"""Whole orders by the scanner alone: a packer's morning, the command sheet, and how many scans."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, Route, expect

from invoicing import commands, leasing
from invoicing.models import Invoice, Package, PackageItem, Print, ShortPick
from orders.models import Order
from tests.browser import packer
from tests.browser.marketplace import wait_for
from tests.builders import Line, a_sku, an_order, staff
from tests.invoicing.nfe_files import a_key
from tests.invoicing.paper import codes

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("roles")]
SHIRT, MUG, BOWL, STRAY = "7891234567895", "7891234567901", "7891234567918", "7891234567925"


class Scanner:
    """Nothing else touches the table; `scans`: how often it was used."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.scans = 0

    def __call__(self, *codes: str) -> None:
        for code in codes:
            self.scans += 1
            packer.settled(self.page)
            packer.burst(self.page, code)

    def item(self, code: str, ref: str, *, packed: str) -> None:
        self(code)
        expect(self.page.locator(f"[data-ref='{ref}'] .tally b")).to_have_text(packed)

    def opens(self, order: Order) -> None:
        """The order is on the screen, and ready."""
        expect(self.page.locator("h1")).to_contain_text(order.marketplace_order_id)
        expect(self.page.locator("body[data-ready]")).to_be_visible()
        packer.settled(self.page)


@pytest.fixture
def shelf(roles: None) -> None:
    a_sku("1001", ean=SHIRT, name="Shirt")
    a_sku("2002", ean=MUG, name="Mug")
    a_sku("3003", ean=BOWL, name="Bowl")
    a_sku("4004", ean=STRAY, name="Stray")


def orders(*contents: tuple[Line, ...]) -> list[Order]:
    """Due one after the other, in this order."""
    now = timezone.now()
    return [
        an_order(*lines, now=now, due_at=now + timedelta(hours=number))
        for number, lines in enumerate(contents, start=1)
    ]


def seated(page: Page, live_server: object, **facts: str) -> Scanner:
    staff("ana", first_name="Ana", **facts)
    packer.sign_in(page, str(live_server), "ana")
    return Scanner(page)


def printed(package: Package) -> bool:
    kinds = Print.objects.filter(package=package).values_list("kind", flat=True)
    return sorted(kinds) == ["label", "slip"]


def test_a_morning_is_packed_with_the_scanner_alone(
    page: Page, live_server: object, shelf: None
) -> None:
    """Twenty orders, with a wrong scan, a cut line, a colleague, missing units and two boxes; in
    Portuguese."""
    shirt, mug = Line("1001"), Line("2002")
    one, wrong, cut, others, short, two, *plain = orders(
        (shirt,),
        (Line("1001", 2), mug),
        (mug,),
        (shirt,),
        (mug,),
        (Line("1001", 2), mug),
        *[(shirt, mug)] * 14,
    )
    scan = seated(page, live_server, language="pt-br")
    leasing.claim(order=others, actor=staff("bia", first_name="Bia"), now=timezone.now())

    scan(one.marketplace_order_id)
    scan.opens(one)
    scan(SHIRT, a_key(number=1))

    scan.opens(wrong)
    expect(page.locator(".before")).to_contain_text(one.marketplace_order_id)
    scan(STRAY)
    expect(page.locator("#alarm")).to_contain_text("Stray")
    scan(SHIRT)
    assert not wrong.packages.exists()
    scan("CMDOK")
    expect(page.locator("#alarm")).to_be_hidden()
    scan("CMDX2")
    scan.item(SHIRT, "1001", packed="2")
    scan(MUG, a_key(number=2))

    scan.opens(cut)
    tries: list[str] = []

    def lose_the_first_answer(route: Route) -> None:
        tries.append(route.request.post_data or "")
        if len(tries) > 1:
            return route.continue_()
        route.fetch()
        return route.abort()

    page.route(re.compile("/do/$"), lose_the_first_answer)
    scan.item(MUG, "2002", packed="1")
    page.unroute(re.compile("/do/$"))
    assert tries[0] == tries[1]
    scan(a_key(number=3))

    # What Bia is at is not offered.
    scan.opens(short)
    scan("CMDSHORT")
    expect(page.locator("#missing[open]")).to_be_visible()
    scan("CMDWHYNOTTHERE")
    expect(page.locator(".taken")).to_be_visible()
    assert ShortPick.objects.get().order == short
    scan("CMDNEXT")

    scan.opens(two)
    scan("CMDX2")
    scan.item(SHIRT, "1001", packed="2")
    scan("CMDNEW")
    scan.item(MUG, "2002", packed="1")
    scan(a_key(number=4))
    expect(page.locator(".package.closed")).to_have_count(1)
    scan(a_key(number=5))
    for number, order in enumerate(plain, start=6):
        scan.opens(order)
        scan(SHIRT, MUG, a_key(number=number))
    expect(page.locator(".package.closed")).to_have_count(1)

    closed = Package.objects.filter(status=Package.Status.CLOSED)
    assert list(closed.order_by("pk").values_list("order", flat=True)) == [
        order.pk for order in (one, wrong, cut, two, two, *plain)
    ]
    wait_for(lambda: all(printed(package) for package in closed), seconds=60)


@pytest.mark.parametrize(
    ("refs", "most"), [(("1001",), 3), (("1001", "2002", "3003"), 5)], ids=["one", "three"]
)
def test_an_order_is_packed_invoiced_and_labelled_in_so_many_scans(
    page: Page, live_server: object, shelf: None, refs: tuple[str, ...], most: int
) -> None:
    """The order, its items, the invoice: no other key, and the next order is on the screen."""
    order, following = orders(tuple(Line(ref) for ref in refs), (Line("1001"),))
    scan = seated(page, live_server)
    scan(order.marketplace_order_id)
    scan.opens(order)
    scan(*[dict(zip(("1001", "2002", "3003"), (SHIRT, MUG, BOWL), strict=True))[r] for r in refs])
    scan(a_key(number=7))
    scan.opens(following)
    assert scan.scans == most
    assert Invoice.objects.get().order == order
    wait_for(lambda: printed(Package.objects.get()), seconds=60)


def test_a_paper_that_does_not_print_is_said_before_the_next_order_opens(
    page: Page, live_server: object, shelf: None
) -> None:
    order, following = orders((Line("1001"),), (Line("2002"),))
    scan = seated(page, live_server)
    scan(order.marketplace_order_id)
    scan.opens(order)
    label = re.compile("/label/")
    page.route(label, lambda route: route.abort())
    scan(SHIRT, "CMDCLOSE")
    expect(page.locator("#said")).to_contain_text("Not printed.")
    scan.opens(order)
    page.unroute(label)
    scan("CMDPRINT")
    wait_for(lambda: Print.objects.filter(kind="label").exists(), seconds=60)
    scan("CMDNEXT")
    scan.opens(following)


def test_a_box_closed_while_the_first_ones_papers_print_is_printed_too(
    page: Page, live_server: object, shelf: None
) -> None:
    order, following = orders((Line("1001"), Line("2002")), (Line("2002"),))
    scan = seated(page, live_server)
    scan(order.marketplace_order_id)
    scan.opens(order)
    held: list[Route] = []
    label = re.compile("/label/1/")
    page.route(label, lambda route: held.append(route))
    with page.expect_request(label):
        scan(SHIRT, "CMDCLOSE")
    expect(page.locator(".package.closed")).to_have_count(1)
    scan(MUG, "CMDCLOSE")
    expect(page.locator(".package.closed")).to_have_count(2)
    held[0].continue_()
    scan.opens(following)
    wait_for(lambda: all(printed(package) for package in Package.objects.all()), seconds=60)


def test_an_order_is_driven_by_the_printed_command_sheet_alone(
    page: Page, live_server: object, shelf: None
) -> None:
    [order] = orders((Line("1001", 3), Line("2002")))
    scan = seated(page, live_server)
    page.goto(f"{live_server}/admin/invoicing/package/commands/")
    sheet = page.pdf(prefer_css_page_size=True)
    assert codes(sheet, dpi=203) == set(commands.BY_CODE)
    page.goto(f"{live_server}/admin/invoicing/package/queue/")

    scan(order.marketplace_order_id)
    scan.opens(order)
    scan("CMDX2")
    scan.item(SHIRT, "1001", packed="2")
    scan("CMDUNDO")
    scan.item(SHIRT, "1001", packed="1")
    scan("CMDNEW")
    expect(page.locator(".package.current h2")).to_have_text("Package 2")
    scan("CMDX2")
    scan.item(SHIRT, "1001", packed="3")
    scan.item(MUG, "2002", packed="1")
    scan("CMDMOVE")
    expect(page.locator("#said")).to_contain_text("Now in package 1")
    scan("7890000000000")
    expect(page.locator("#alarm")).to_be_visible()
    scan("CMDOK")
    expect(page.locator("#alarm")).to_be_hidden()
    scan("CMDCLOSE")
    expect(page.locator(".package.closed")).to_have_count(1)
    scan("CMDCLOSE")
    expect(page.locator(".package.closed")).to_have_count(2)
    scan("CMDREOPEN")
    expect(page.locator(".package.closed")).to_have_count(1)
    scan("CMDCLOSE")
    expect(page.locator(".package.closed")).to_have_count(2)
    inside = PackageItem.objects.order_by("package__number", "line__index")
    assert [(item.package.number, item.line.ref, item.quantity) for item in inside] == [
        (1, "1001", 1),
        (1, "2002", 1),
        (2, "1001", 2),
    ]
    assert order.invoices.filter(voided_at=None).count() == 2
