"""A long order packs and closes with the statements of a short one."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from invoicing.models import InvoiceLine, InvoiceSeries, Package
from orders.models import Order
from orders.states import Status
from sellers.models import Hold, Sku, StockLevel
from tests.builders import Line, a_seller, a_warehouse, an_order
from tests.invoicing.table import do, packer, screen

pytestmark = pytest.mark.django_db
FEW, MANY = 5, 500


@pytest.fixture
def ana(db: None) -> Client:
    return packer()


@pytest.fixture
def orders(db: None) -> tuple[Order, Order]:
    """Of few lines and of many, all but one packed already."""
    return _nearly_packed(FEW), _nearly_packed(MANY)


def _nearly_packed(count: int) -> Order:
    refs = [f"{count}-{number}" for number in range(count)]
    _shelve(refs)
    order = an_order(*(Line(ref, price=1000) for ref in refs))
    package = Package.objects.create(order=order, number=1, opened_at=order.placed_at)
    lines = list(order.lines.order_by("index"))[1:]
    package.items.bulk_create(
        package.items.model(package=package, line=line, quantity=1) for line in lines
    )
    Order.objects.filter(pk=order.pk).update(status=Status.HANDLING)
    order.refresh_from_db()
    return order


def _shelve(refs: list[str]) -> None:
    """A hundred units of each, in two statements: hundreds of them one by one take seconds."""
    account, warehouse = a_seller(), a_warehouse()
    skus = Sku.objects.bulk_create(
        Sku(account=account, ref=ref, name=f"Item {ref}", price_cents=1000) for ref in refs
    )
    StockLevel.objects.bulk_create(
        StockLevel(sku=sku, warehouse=warehouse, on_hand=100) for sku in skus
    )


def _statements(client: Client, order: Order, action: str, **fields: Any) -> int:
    with CaptureQueriesContext(connection) as queries:
        said = do(client, order, action, **fields)
    assert not said["refused"], said["text"]
    return len(queries)


def test_the_statements_do_not_grow_with_the_lines(
    ana: Client, orders: tuple[Order, Order]
) -> None:
    InvoiceSeries.objects.create(account=a_seller())
    counted = []
    for order in orders:
        package, first = order.packages.get().pk, order.lines.get(index=0).ref
        steps = (
            _statements(ana, order, "scan", code=first, package=package),
            _statements(ana, order, "close", package=package),
            _statements(ana, order, "reopen"),
        )
        counted.append(steps)
    assert counted[0] == counted[1]
    # The sum is what a packer waits for.
    assert sum(counted[1]) < 250


def test_all_lines_leave_the_shelf_and_are_invoiced_to_the_cent(ana: Client) -> None:
    order = _nearly_packed(MANY)
    do(ana, order, "scan", code=f"{MANY}-0")
    said = do(ana, order, "close", package=order.packages.get().pk)
    assert not said["refused"], said["text"]
    invoice = order.invoices.get()
    lines = InvoiceLine.objects.filter(invoice=invoice)
    assert (invoice.value_cents, lines.count()) == (order.payment_value_cents, MANY)
    assert set(StockLevel.objects.values_list("on_hand", "held")) == {(99, 0)}
    assert set(Hold.objects.values_list("state", flat=True)) == {Hold.State.SHIPPED}


def test_a_scans_answer_is_no_longer_for_hundreds_of_lines_than_for_the_lines_shown(
    ana: Client,
) -> None:
    """Every scan is answered with the board: it must not grow with the order."""
    shown, many = _nearly_packed(60), _nearly_packed(MANY)
    answers = [len(do(ana, order, "scan", code="7890000000000")["html"]) for order in (shown, many)]
    assert answers[1] < 1.1 * answers[0]


def test_a_long_order_is_shown_in_part_and_whole_when_asked(ana: Client) -> None:
    order = an_order(*(Line(f"S{number}") for number in range(70)))
    assert screen(ana, order).count('class="line ') == 60
    assert "and 10 more lines" in screen(ana, order)
    assert screen(ana, order, all="1").count('class="line ') == 70
    assert do(ana, order, "scan", code="S69", all="1")["html"].count('class="line ') == 70
